import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auditLine,
  editedArguments,
  filterOf,
  formFields,
  inOrder,
  problemsByField,
  statusKey,
  wrongForm,
} from "../../../frontend/assets/js/desk/models/approvals.js";
import { Approvals } from "../../../frontend/assets/js/desk/state/approvals.js";
import { Counts } from "../../../frontend/assets/js/desk/state/counts.js";
import { OpenAction } from "../../../frontend/assets/js/desk/state/open-action.js";
import { soon } from "../support.js";

const NOW = 1_000_000; // ms
const action = (id, more = {}) => ({
  id,
  status: "proposed",
  by: "staff",
  arguments: {},
  created_at: 900,
  expires_at: 2000,
  ...more,
});

test("staff's own, unclear and customers' actions stand in lists of their own", () => {
  assert.equal(filterOf(action("a"), NOW), "waiting");
  assert.equal(filterOf(action("a", { by: "customer" }), NOW), "customer");
  assert.equal(filterOf(action("a", { status: "unknown" }), NOW), "unknown");
  assert.equal(filterOf(action("a", { status: "done" }), NOW), "decided");
  assert.equal(filterOf(action("a", { expires_at: 999 }), NOW), "decided");
});

test("what waits for staff is called so, and approved by them", () => {
  assert.equal(statusKey(action("a")), "status_proposed_staff");
  assert.equal(statusKey(action("a", { by: "customer" })), "status_proposed");
  assert.equal(statusKey(action("a", { status: "done" })), "status_done");
});

test("the audit names whose word it was, and a try only from the second on", () => {
  const key = (step, more) => auditLine(step, action("a", more)).key;
  assert.equal(key({ to: "proposed", who: "assistant" }), "stepProposed");
  assert.equal(key({ to: "confirmed", who: "li" }, { by: "customer" }), "status_confirmed_staff");
  assert.equal(key({ to: "confirmed", who: "customer" }, { by: "customer" }), "status_confirmed");
  const running = (reason) => auditLine({ to: "running", who: "gateway", reason }, action("a"));
  assert.deepEqual(running("try 1"), { key: "status_running", tries: 0, reason: "" });
  assert.deepEqual(running("try 2"), { key: "status_running", tries: 2, reason: "" });
  const edited = { to: "confirmed", who: "li", reason: "as told [amount: 3 → 2, to: a → b]" };
  const shown = action("a", { arguments: { amount: 2, to: "b" } });
  const labelOf = (name) => ({ amount: "Amount", to: "Receiver" })[name];
  const { reason } = auditLine(edited, shown, labelOf);
  assert.equal(reason, "as told · Amount: 3 → 2, Receiver: a → b");
  assert.equal(running("li [at home]").reason, "li [at home]");
});

test("what expires first is decided first", () => {
  const rows = [action("late", { expires_at: 3000 }), action("soon", { expires_at: 1500 })];
  assert.deepEqual(
    inOrder("waiting", rows).map(({ id }) => id),
    ["soon", "late"],
  );
});

test("only what a person has changed is sent, each in its own type", () => {
  const given = { amount: 3, express: false, note: "a\nb", lines: [1, 2], name: "林" };
  const fields = formFields(action("a", { arguments: given }));
  assert.deepEqual(
    fields.map(({ kind }) => kind),
    ["number", "boolean", "long", "json", "text"],
  );
  const values = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
  values.amount = "3";
  assert.deepEqual(editedArguments(fields, values), { edited: {}, wrong: [] });
  const changed = { ...values, amount: "2.5", express: true, lines: "[1]", name: "王" };
  assert.deepEqual(editedArguments(fields, changed), {
    edited: { amount: 2.5, express: true, lines: [1], name: "王" },
    wrong: [],
  });
});

test("what is no number or no JSON is told and not sent", () => {
  const fields = formFields(action("a", { arguments: { amount: 3, lines: {} } }));
  const { edited, wrong } = editedArguments(fields, { amount: "two", lines: "{" });
  assert.deepEqual([edited, wrong], [{}, ["amount", "lines"]]);
});

test("the gateway's problems stand at their fields", () => {
  const details = {
    problems: ["order: too short", "lines[0].sku: unknown", "odd"],
    missing: ["b"],
  };
  assert.deepEqual(problemsByField(details, ["order", "lines"]), {
    fields: { order: "too short", lines: "unknown" },
    others: ["odd"],
    missing: ["b"],
  });
});

test("a pattern that refuses a value is not shown, the value is", () => {
  assert.equal(wrongForm("'QH1' does not have the form ^QH\\d{15}$"), "QH1");
  assert.equal(wrongForm("too short"), null);
});

function desk(...kept) {
  const live = new EventTarget();
  const counts = new Counts();
  const routes = {
    now: () => NOW,
    list: async (status) => kept.filter((one) => !status || one.status === status),
    one: async (id) => kept.find((one) => one.id === id),
    audit: async () => [{ time: 1, who: "assistant", from: null, to: "proposed", reason: "" }],
    approve: async (id) => ({ ...kept.find((one) => one.id === id), status: "confirmed" }),
  };
  const approvals = new Approvals(routes, live, counts);
  const tell = (detail) => live.dispatchEvent(new CustomEvent("news", { detail }));
  return { approvals, counts, live, routes, tell };
}

test("what waits for staff or is unclear counts, what waits for a customer does not", async () => {
  const rows = [action("a"), action("b", { by: "customer" }), action("c", { status: "unknown" })];
  const { approvals, counts } = desk(...rows);
  await approvals.reload();
  assert.equal(counts.of("approvals"), 2);
  assert.deepEqual(approvals.counts, { waiting: 1, unknown: 1, customer: 1 });
});

test("an action that somebody decides elsewhere leaves the list at once", async () => {
  const { approvals, tell } = desk(action("a"));
  await approvals.reload();
  tell({ action: action("a", { status: "cancelled" }) });
  assert.deepEqual(approvals.rows, []);
});

test("a new action is announced once, one that is already known is not", async () => {
  const { approvals, tell } = desk();
  await approvals.reload();
  const announced = [];
  approvals.addEventListener("arrived", ({ detail }) => announced.push(detail.action.id));
  tell({ action: action("a") });
  tell({ action: action("a") });
  tell({ action: action("b", { by: "customer" }) });
  assert.deepEqual(announced, ["a"]);
});

test("an approval is shown at once in the list and on its card", async () => {
  const { approvals, live, routes } = desk(action("a"));
  await approvals.reload();
  const opened = new OpenAction(routes, live, approvals);
  opened.open("a");
  await soon();
  assert.equal(opened.steps.length, 1);
  routes.one = () => new Promise(() => {});
  await opened.approve(null);
  assert.equal(opened.action.status, "confirmed");
  assert.equal(approvals.counts.waiting, 0);
  opened.close();
});
