import assert from "node:assert/strict";
import { test } from "node:test";
import {
  byDay,
  byHour,
  exportsOf,
  hasValues,
  lastDays,
  middleAndHigh,
  periodOf,
  sharesOf,
  subjectsOf,
  tilesOf,
  timeParts,
} from "../../../frontend/assets/js/desk/models/figures.js";

const NOON = new Date(2026, 10, 30, 12).getTime();
const times = { count: 2, mean: 500, p50: 400, p90: 800, p95: 900, p99: 900 };
const none = { count: 0, mean: null, p50: null, p90: null, p95: null, p99: null };
const write = { number: String, time: (ms) => (ms === null ? "–" : `${ms} ms`) };
const day = (date, questions, noClause) => ({
  date,
  questions,
  outcomes: { no_clause: noClause },
  tokens: { prompt: 10 * questions, completion: questions },
});

test("a period is what the address names, else the last thirty days", () => {
  const named = { from: "2026-11-01", to: "2026-11-07" };
  assert.deepEqual(periodOf(named, NOON), named);
  const last = { from: "2026-11-01", to: "2026-11-30" };
  assert.deepEqual(periodOf({}, NOON), last);
  assert.deepEqual(periodOf({ from: "2026-12-01", to: "2026-11-07" }, NOON), last);
  assert.deepEqual(periodOf({ from: "<script>", to: "2026-11-07" }, NOON), last);
  assert.deepEqual(lastDays(7, NOON), { from: "2026-11-24", to: "2026-11-30" });
});

test("exports are of the same period and zone as the figures", () => {
  const pathOf = (path, query) => `${path}?${new URLSearchParams(query)}`;
  const [first, ...others] = exportsOf({ from: "a", to: "b" }, "Asia/Shanghai", pathOf);
  assert.equal(first.path, "export?format=jsonl&from=a&to=b&zone=Asia%2FShanghai");
  assert.deepEqual(
    others.map(({ format }) => format),
    ["csv", "openai", "sharegpt"],
  );
});

test("a time is told in the unit that suits it", () => {
  assert.equal(timeParts(null), null);
  assert.deepEqual(timeParts(12), ["milliseconds_s", 12]);
  assert.deepEqual(timeParts(1412), ["seconds_s", 1.4]);
  assert.deepEqual(timeParts(59_600), ["seconds_s", 60]);
  assert.deepEqual(timeParts(90_000), ["minutes_s", 1.5]);
  assert.deepEqual(timeParts(7_200_000), ["hours_s", 2]);
  assert.equal(middleAndHigh(times, "p90", write.time), "400 ms (800 ms)");
  assert.equal(middleAndHigh(none, "p90", write.time), "–");
});

test("tiles hold the figures, confirmed and assumed apart", () => {
  const stats = {
    conversations: 3,
    questions: 9,
    ungrounded: 1,
    degraded: 0,
    staff_messages: 2,
    resolution: { resolved: 5, confirmed: 2, assumed: 3, hours_saved: 0.17 },
    ratings: { up: 4, down: 1 },
    handoffs: { requested: 2, missed: 1 },
    tokens: { prompt: 100, completion: 20 },
    without_clause: { questions: 1 },
    first_token_ms: times,
    answer_ms: none,
  };
  const tiles = Object.fromEntries(tilesOf(stats, write).map((tile) => [tile.key, tile]));
  assert.equal(tiles.resolved.value, "5");
  assert.deepEqual(
    tiles.resolved.notes.map(({ key, value }) => [key, value]),
    [
      ["confirmed", "2"],
      ["assumed", "3"],
    ],
  );
  assert.equal(tiles.ratings.value, "4 / 1");
  assert.equal(tiles.tokens.value, "120");
  assert.deepEqual(tiles.first_token.notes, [{ key: "p95", value: "900 ms" }]);
  assert.deepEqual(tiles.answer, { key: "answer", value: "–", notes: [] });
});

test("a chart by day has a value of each series for each day", () => {
  const stats = { by_day: [day("2026-11-29", 4, 1), day("2026-11-30", 6, 0)] };
  assert.deepEqual(byDay(stats, ["questions", "without_clause", "prompt"], "en"), {
    labels: ["29 Nov", "30 Nov"],
    series: [
      { key: "questions", values: [4, 6] },
      { key: "without_clause", values: [1, 0] },
      { key: "prompt", values: [40, 60] },
    ],
  });
  const hours = byHour({ by_hour: [{ hour: 0, questions: 0 }] }, ["questions"]);
  assert.deepEqual(hours.labels, ["0:00"]);
  assert.equal(hasValues(hours), false);
});

test("subjects beyond the first are counted together, and shares are of all", () => {
  const stats = {
    subjects: [
      { kind: "clause", subject: "a", questions: 6 },
      { kind: "tool", subject: "b", questions: 2 },
      { kind: "tool", subject: "c", questions: 1 },
    ],
    other_subjects: 1,
    without_subject: 0,
  };
  assert.deepEqual(
    subjectsOf(stats, 2).map(({ name, key, count, share }) => [name ?? key, count, share]),
    [
      ["a", 6, 0.6],
      ["b", 2, 0.2],
      ["otherSubjects", 2, 0.2],
    ],
  );
  assert.deepEqual(sharesOf([{ count: 0 }]), [{ count: 0, share: 0 }]);
});
