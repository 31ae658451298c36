import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fits,
  inOrder,
  reasonKey,
  spanOf,
  stepText,
  waitingSince,
  withNews,
} from "../../../frontend/assets/js/desk/models/handoffs.js";

const row = (id, more = {}) => ({ id, status: "open", created_at: 100, version: 1, ...more });
const idsOf = (rows) => rows.map(({ id }) => id);

test("a customer waits from the wish to the claim, and then from each unanswered message", () => {
  assert.equal(waitingSince(row("a")), 100);
  assert.equal(waitingSince(row("a", { status: "missed" })), 100);
  assert.equal(waitingSince(row("a", { status: "claimed", waiting_since: 150 })), 150);
  assert.equal(waitingSince(row("a", { status: "claimed", waiting_since: null })), null);
  assert.equal(waitingSince(row("a", { status: "resolved" })), null);
});

test("an angry customer is called so, and no reason is an id", () => {
  assert.equal(reasonKey({ reason: "rule", rule: "anger" }), "reason_anger");
  assert.equal(reasonKey({ reason: "rule", rule: "3f2a9c1b7d40" }), "reason_rule");
  assert.equal(reasonKey({ reason: "asked", rule: "" }), "reason_asked");
});

test("mine are those that I have claimed, not those of others", () => {
  const claimed = row("a", { status: "claimed", assignee: "li" });
  assert.ok(fits("mine", claimed, "li"));
  assert.ok(!fits("mine", claimed, "wang"));
  assert.ok(fits("claimed", claimed, "wang"));
  assert.ok(!fits("mine", { ...claimed, status: "resolved" }, "li"));
});

test("who has waited longest comes first, who does not wait comes last", () => {
  const claimed = { status: "claimed", waiting_since: null };
  const rows = [row("new", { created_at: 300 }), row("answered", claimed), row("old")];
  assert.deepEqual(idsOf(inOrder("open", rows)), ["old", "new", "answered"]);
});

test("of the resolved ones the newest comes first", () => {
  const resolved = (id, at) => row(id, { status: "resolved", resolved_at: at });
  const rows = [resolved("a", 10), resolved("c", 30), resolved("b", 20)];
  assert.deepEqual(idsOf(inOrder("resolved", rows)), ["c", "b", "a"]);
});

test("late news of an earlier step changes nothing", () => {
  const known = row("a", { status: "claimed", version: 3, title: "运单" });
  assert.equal(withNews(known, row("a", { version: 2, waiting_since: 5 })), null);
  const news = row("a", { status: "resolved", version: 4 });
  assert.deepEqual(withNews(known, news), { ...known, ...news });
});

test("that the customer waits again is news without a step", () => {
  const known = row("a", { status: "claimed", waiting_since: null });
  const news = { ...known, waiting_since: 7 };
  assert.equal(withNews(known, news).waiting_since, 7);
});

test("spans are told by the second, then by the minute, then by the hour", () => {
  assert.deepEqual(spanOf(65), { key: "span_minutes", values: { minutes: 1, seconds: "05" } });
  assert.deepEqual(spanOf(-3).values, { minutes: 0, seconds: "00" });
  assert.deepEqual(spanOf(3600 + 125), { key: "span_hours", values: { hours: 1, minutes: 2 } });
  assert.deepEqual(spanOf(2 * 86_400 + 3700), { key: "span_days", values: { days: 2, hours: 1 } });
});

test("the end of a hand-over is told by its outcome", () => {
  const notice = { cause: "resolved", number: 4821, assignee: "li", outcome: "unsolved" };
  assert.deepEqual(stepText(notice), {
    key: "step_unsolved",
    values: { number: 4821, name: "li" },
  });
});
