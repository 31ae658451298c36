import assert from "node:assert/strict";
import { test } from "node:test";
import { dateOf, shortDate, shortTime } from "../../../frontend/assets/js/desk/lib/times.js";
import {
  percent,
  placeText,
  scoresOf,
  searchNotes,
  readyClauses,
} from "../../../frontend/assets/js/desk/models/clause-search.js";
import {
  engineState,
  taskState,
  webhookState,
} from "../../../frontend/assets/js/desk/models/service.js";

const found = { intent: "question", by: "meaning", searched: "退货", threshold: 0.5 };

test("a search says what the assistant would do, and how it searched", () => {
  const data = [{ cited: true }, { cited: true }, { cited: false }];
  assert.deepEqual(searchNotes({ ...found, verdict: "answer", data }), [
    ["verdict_answer", { count: 2 }],
    ["by_meaning", { searched: "退货", threshold: "50%" }],
  ]);
});

test("of small talk only that is said, whatever a search would have found", () => {
  const thanks = { ...found, intent: "smalltalk_thanks", verdict: "none", data: [] };
  assert.deepEqual(searchNotes(thanks), [["intent_smalltalk_thanks", {}]]);
});

test("a score is shown beside meaning and words, and not twice where it is the words'", () => {
  const keys = (clause) => scoresOf(clause).map(({ key }) => key);
  assert.deepEqual(keys({ score: 0.9, meaning: 0.4, words: 0.2 }), [
    "score",
    "meaningScore",
    "wordsScore",
  ]);
  assert.deepEqual(keys({ score: 0.3, meaning: null, words: 0.3 }), ["wordsScore"]);
  assert.deepEqual(keys({ score: 0.99, meaning: null, words: null }), ["score"]);
  assert.deepEqual(scoresOf({ score: 0.1, meaning: -0.2, words: 0 })[1].share, 0);
  assert.equal(percent(0.456), "46%");
});

test("a place in a file is told in the page's language", () => {
  const text = (key, { n } = {}) => (key === "listComma" ? "，" : `${key}:${n}`);
  assert.equal(placeText("line 13", text), "place_line:13");
  assert.equal(placeText("sheet 价格, row 3", text), "place_sheet:价格，place_row:3");
  assert.equal(placeText("the start", text), "the start");
});

test("an engine that is up with an open circuit is not called well", () => {
  assert.equal(engineState({ up: true, circuit: "closed" }).kind, "good");
  assert.equal(engineState({ up: true, circuit: "open" }).key, "engine_paused");
  assert.equal(engineState({ up: false, circuit: "open" }).key, "engine_down");
  assert.equal(engineState({ up: null, circuit: "closed" }).key, "engine_unknown");
  assert.equal(taskState({ state: "restarting" }).kind, "bad");
  assert.equal(webhookState({ state: "ended" }).kind, "bad");
});

test("times are short, and name the year only where it is another one", () => {
  const moment = new Date(2026, 10, 30, 14, 5).getTime();
  const day = new Date(2026, 11, 1).getTime();
  assert.equal(shortTime(moment / 1000, "zh-CN", day), "11月30日 14:05");
  assert.equal(shortTime(moment / 1000, "en", day), "30 Nov, 14:05");
  assert.match(shortTime(moment / 1000, "en", new Date(2027, 1, 1).getTime()), /2026/);
  assert.equal(shortDate("2026-11-03", "zh-CN", day), "11月3日");
  assert.equal(shortDate("2026-11-03", "en", day), "3 Nov");
  assert.equal(shortDate("2025-11-03", "zh-CN", day), "2025年11月3日");
  assert.equal(dateOf(moment), "2026-11-30");
});

test("ready answers are clauses that fit, in the question's language where there are any", () => {
  const clause = (id, locale, score, cited = false) => ({ id, locale, score, cited });
  const data = [
    clause("zh", "zh-CN", 0.9, true),
    clause("en", "en", 0.8),
    clause("any", "", 0.7),
    clause("far", "en", 0.2),
  ];
  const ids = (query, from = data) =>
    readyClauses({ threshold: 0.5, data: from }, query).map(({ id }) => id);
  assert.deepEqual(ids("warranty"), ["en", "any"]);
  assert.deepEqual(ids("保修"), ["zh", "any"]);
  assert.deepEqual(ids("warranty", data.slice(0, 1)), ["zh"]);
  assert.deepEqual(ids("warranty", data.slice(3)), []);
});
