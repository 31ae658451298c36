import assert from "node:assert/strict";
import { test } from "node:test";
import {
  correctionsIn,
  correctedFields,
  correctionQuestion,
} from "../../../frontend/assets/js/models/conversation.js";
import { translator } from "../../../frontend/assets/js/lib/texts.js";

test("a correction names what was read and what is right", () => {
  const words = correctionQuestion(
    [{ name: "order_number", value: "QH2", old: "QH1" }],
    translator("en"),
  );
  assert.equal(
    words,
    "Correction: Order number is QH2 (read as QH1). Please answer again with the corrected values.",
  );
});

test("corrections are read out of a question in either language", () => {
  const changes = [
    { name: "order_number", value: "QH2", old: "QH1" },
    { name: "amount", value: "1.00 (net)", old: "7.00" },
  ];
  for (const locale of ["zh-CN", "en"])
    assert.deepEqual(correctionsIn(correctionQuestion(changes, translator(locale))), changes);
  assert.deepEqual(correctionsIn("订单号应为 QH2 吗？"), []);
});

test("the last correction of a field replaces what was read, and no other field changes", () => {
  const text = translator("zh-CN");
  const asked = (...changes) => ({ role: "user", text: correctionQuestion(changes, text) });
  const field = (name, value) => ({
    name,
    value,
    box: [1, 2, 3, 4],
    confidence: 0.7,
    valid: false,
  });
  const turn = {
    role: "assistant",
    text: "",
    fields: [field("order_number", "QH1"), field("order_number", "QH9"), field("phone", "QH1")],
  };
  const turns = [
    { role: "user", text: "?" },
    turn,
    asked({ name: "order_number", value: "QH2", old: "QH1" }),
    asked({ name: "order_number", value: "QH3", old: "QH1" }),
  ];
  assert.deepEqual(correctedFields(turn, turns), [
    { ...field("order_number", "QH3"), confidence: 1, valid: null },
    ...turn.fields.slice(1),
  ]);
});

test("an endless list of corrections is read in less than a second", () => {
  for (const text of [
    "更正：".repeat(80_000),
    `更正：${"订单号应为 （图中读作 ".repeat(20_000)}。请按更正后的内容重新回答。`,
    `更正：${"应为 ".repeat(80_000)}。请按更正后的内容重新回答。`,
  ]) {
    const started = performance.now();
    assert.deepEqual(correctionsIn(text), []);
    assert.ok(performance.now() - started < 1000);
  }
});
