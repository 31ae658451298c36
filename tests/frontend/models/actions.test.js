import assert from "node:assert/strict";
import { test } from "node:test";
import { addTexts, translator } from "../../../frontend/assets/js/lib/texts.js";
import { actionTexts } from "../../../frontend/assets/js/lib/texts/actions.js";
import {
  foundRows,
  mayDecide,
  openActions,
  rowsOf,
  stateText,
  timeLeft,
  valueText,
  whenText,
} from "../../../frontend/assets/js/models/actions.js";
import {
  apply,
  fromServer,
  lastSaid,
  putAction,
  questionOf,
} from "../../../frontend/assets/js/models/conversation.js";

addTexts(actionTexts);
const [zh, en] = [translator("zh-CN"), translator("en")];
const proposed = { id: "a", status: "proposed", by: "customer", expires_at: 1000 };
const BEFORE = 999_000;

test("every state has its words in both languages, by who decides", () => {
  const statuses = ["proposed", "confirmed", "running", "done", "failed", "unknown", "cancelled"];
  for (const text of [zh, en])
    for (const by of ["customer", "staff"])
      for (const status of [...statuses, "expired"]) {
        const words = stateText({ ...proposed, status, by }, BEFORE, text);
        assert.doesNotMatch(words, /action_|\{|undefined/, `${by} ${status}`);
        assert.ok(words.length > 2);
      }
  assert.equal(
    stateText({ ...proposed, status: "running" }, BEFORE, zh),
    stateText({ ...proposed, status: "confirmed" }, BEFORE, zh),
  );
});

test("an end is told with the system's own words", () => {
  const done = { ...proposed, status: "done", result: { values: {}, text: "Number R-1." } };
  assert.equal(stateText(done, BEFORE, en), "Done. Number R-1.");
  const failed = { ...proposed, status: "failed", error: "发票已作废。" };
  assert.equal(stateText(failed, BEFORE, zh), "没有办成。发票已作废。");
});

test("what is past its time has expired, whether or not the gateway has marked it", () => {
  assert.equal(mayDecide(proposed, BEFORE), true);
  assert.equal(mayDecide(proposed, 1_000_000), false);
  assert.match(stateText(proposed, 1_000_000, en), /^Expired/);
  assert.equal(timeLeft(proposed, 1_000_000), null);
  assert.equal(mayDecide({ ...proposed, by: "staff" }, BEFORE), false);
});

test("what a system told is shown in the page's language, beside a sentence by label", () => {
  const values = { carrier_zh: "顺丰", carrier_en: "SF", status: ["揽收", "派件"], scan_no: 7 };
  const rows = (told, text) =>
    foundRows(told, text).map(({ label, lines }) => [label, lines.join("|")]);
  const labelled = [
    ["承运商", "顺丰"],
    ["状态", "揽收|派件"],
  ];
  assert.deepEqual(rows({ values, text: "在派件。" }, zh), labelled);
  assert.deepEqual(rows({ values }, zh), [...labelled, ["scan_no", "7"]]);
  assert.deepEqual(rows({ values }, en)[0], ["Carrier", "SF"]);
  assert.deepEqual(rows({ values: { note_en: "late", ok: null } }, zh), [
    ["note", "late"],
    ["ok", "—"],
  ]);
  assert.deepEqual(rows({ text: "在派件。", values: null }, zh), []);
});

test("the time left is told in the unit that a person counts in", () => {
  const left = (seconds) => {
    const { key, values } = timeLeft({ ...proposed, expires_at: 5000 + seconds }, 5_000_000);
    return zh(key, values);
  };
  assert.deepEqual([1, 60, 61, 894, 898, 901, 7200, 7201, 86_370, 172_801].map(left), [
    "1 秒内有效",
    "60 秒内有效",
    "1 分钟内有效",
    "14 分钟内有效",
    "15 分钟内有效",
    "15 分钟内有效",
    "120 分钟内有效",
    "2 小时内有效",
    "24 小时内有效",
    "2 天内有效",
  ]);
});

test("a card's rows have labels, old values, and what else is known of the present", () => {
  const rows = rowsOf(
    {
      arguments: { buyer: "B", urgent: true, note: "" },
      labels: { buyer: { zh: "购买方", en: "Buyer" }, status: { zh: "状态", en: "Status" } },
      before: { buyer: "A", urgent: true, status: "已开" },
    },
    zh,
  );
  assert.deepEqual(rows, [
    { label: "购买方", value: "B", old: "A" },
    { label: "urgent", value: "是", old: null },
    { label: "note", value: "—", old: null },
    { label: "状态（现在）", value: "已开", old: null },
  ]);
  assert.deepEqual(rowsOf({ arguments: {}, labels: {}, before: null }, en), []);
});

test("any JSON value has words", () => {
  const words = [null, 0, false, "a", ["a", 1], { a: 1 }].map((one) => valueText(one, zh));
  assert.deepEqual(words, ["—", "0", "否", "a", "a、1", '{"a":1}']);
});

test("a read was just now for a minute, then at a time", () => {
  assert.equal(whenText(1000, 2000, zh), "刚刚");
  assert.match(whenText(1000, 90_000, en), /1970|Jan/);
});

test("later news of an action win over earlier ones, whatever arrives first", () => {
  const shown = { arguments: { phone: "13812345678" }, before: { phone: "13900001111" } };
  const masked = { arguments: { phone: "138****5678" }, before: { phone: "139****1111" } };
  const turn = { actions: [{ ...proposed, ...shown, labels: { a: 1 } }] };
  assert.equal(putAction(turn, { ...proposed, status: "running", ...masked }).status, "running");
  assert.equal(putAction(turn, { ...proposed, status: "confirmed" }), null);
  const { arguments: given, before, labels } = turn.actions[0];
  assert.deepEqual({ arguments: given, before }, shown);
  assert.deepEqual(labels, { a: 1 });
  assert.equal(putAction(turn, { ...proposed, status: "unknown" }).status, "unknown");
  assert.equal(openActions({ turns: [turn] }).length, 1);
  assert.equal(putAction(turn, { ...proposed, status: "done" }).status, "done");
  assert.equal(putAction(turn, { ...proposed, status: "unknown" }), null);
  assert.equal(openActions({ turns: [turn] }).length, 0);
});

test("what staff changed in the arguments is shown", () => {
  const turn = { actions: [{ ...proposed, by: "staff", arguments: { buyer: "A" } }] };
  const news = { ...proposed, by: "staff", status: "confirmed", arguments: { buyer: "B" } };
  assert.deepEqual(putAction(turn, news).arguments, { buyer: "B" });
});

test("reads and proposals of a stream fill the turn, each once", () => {
  const turn = { role: "assistant", text: "" };
  const tool = { id: "c1", name: "track", title: "查询物流", status: "running" };
  const told = [
    { tool },
    { tool: { ...tool, id: "c2" } },
    { tool: { ...tool, status: "done", result: { values: {}, text: "t" } } },
    { confirm: { action: proposed } },
    { confirm: { action: proposed } }, // a resumed answer tells it again
  ];
  for (const sightdesk of told) apply(turn, { choices: [], sightdesk });
  assert.deepEqual(
    turn.tools.map(({ id, status }) => [id, status]),
    [
      ["c1", "done"],
      ["c2", "running"],
    ],
  );
  assert.deepEqual(turn.actions, [proposed]);
});

test("notices of the server are neither a question nor what was said last", () => {
  const notice = { type: "action", action: "a", status: "done" };
  const { turns } = fromServer({
    id: "c",
    title: "t",
    messages: [
      { id: "q", role: "user", text: "q" },
      { id: "n1", role: "assistant", text: "done", notice },
      { id: "x", role: "assistant", text: "x", created_at: 7, tools: [{ id: "c1" }], actions: [] },
      { id: "n2", role: "assistant", text: "done", notice },
    ],
  });
  assert.equal(lastSaid(turns).id, "x");
  assert.equal(questionOf(turns, turns[2]).id, "q");
  assert.deepEqual(turns[3].notice, notice);
  const { askedAt, tools, actions } = turns[2];
  assert.deepEqual([askedAt, tools, actions], [7000, [{ id: "c1" }], undefined]);
});
