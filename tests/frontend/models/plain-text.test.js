import assert from "node:assert/strict";
import { test } from "node:test";
import { plainText, replyText } from "../../../frontend/assets/js/models/plain-text.js";

test("Markdown marks are gone and the words stay", () => {
  for (const [markdown, plain] of [
    ["## 退款\n\n**3 天**内到账，*请*稍候。", "退款\n\n3 天内到账，请稍候。"],
    ["- 一\n- [x] 二\n\n1. 三", "• 一\n• 二\n\n1. 三"],
    ["> 引文\n> 两行", "引文\n两行"],
    ["看 [这里](https://a.example/x) 和 <b>", "看 这里 (https://a.example/x) 和 <b>"],
    ["[a@b.cn](mailto:a@b.cn)", "a@b.cn"],
    ["```js\nconst a = **b**;\n```\n用 `ping`", "const a = **b**;\n用 ping"],
    ["| 费用 | 时限 |\n| --- | ---: |\n| **9 元** | 3 天 |", "费用\t时限\n9 元\t3 天"],
    ["前\n\n---\n\n后", "前\n\n后"],
    ["snake_case_name 和 2*3*4 不变", "snake_case_name 和 2*3*4 不变"],
    ["a\\*b", "a*b"],
  ]) {
    assert.equal(plainText(markdown), plain);
  }
});

test("a customer is not sent what the answer rests on", () => {
  const answer =
    "满 **79** 元包邮。\n\n依据：《配送》第 1.1 条\n\n" +
    "另可参考：\n- 偏远地区除外。（《配送》第 1.2 条）";
  assert.equal(replyText(answer), "满 79 元包邮。");
  assert.equal(
    plainText(answer),
    "满 79 元包邮。\n\n依据：《配送》第 1.1 条\n\n" +
      "另可参考：\n• 偏远地区除外。（《配送》第 1.2 条）",
  );
  assert.equal(
    replyText(
      "先重启。\n\n原文（《排障》第 2 条）：\n\n> 先重启，\n> 再联系。\n\n还有问题请回复。",
    ),
    "先重启。\n\n还有问题请回复。",
  );
  assert.equal(
    replyText("It is free over 79 [1].\n\nBasis: “Shipping”, clause 1.1"),
    "It is free over 79.",
  );
  assert.equal(replyText("包邮【1】（“Shipping”, clause 3.4）。"), "包邮。");
});

test("a quote that is the answer itself is sent", () => {
  assert.equal(
    replyText("相关条款是英文的，原文如下：\n\n> Free.\n\n依据：《A》第 1 条"),
    "相关条款是英文的，原文如下：\n\nFree.",
  );
});

test("a hostile text takes little time, and a table still loses its rule", () => {
  const began = process.cpuUsage().user;
  for (const unit of ["-", "**a ", "[", "`", "| ", "> "]) {
    plainText(`${unit.repeat(60)}x`);
    plainText(unit.repeat(50_000));
    plainText(`${unit.repeat(2_000)}x`);
  }
  const microseconds = process.cpuUsage().user - began;
  assert.ok(microseconds < 2_000_000, `${microseconds} µs`);
  assert.equal(plainText("| a | b |\n| --- | :-: |\n| 1 | 2 |"), "a\tb\n1\t2");
});
