import assert from "node:assert/strict";
import { test } from "node:test";
import { Counts } from "../../../frontend/assets/js/desk/state/counts.js";
import { Inbox } from "../../../frontend/assets/js/desk/state/inbox.js";
import { OpenHandoff } from "../../../frontend/assets/js/desk/state/open-handoff.js";
import { soon } from "../support.js";

const handoff = (id, more = {}) => ({
  id,
  number: 1000,
  conversation_id: `conversation-${id}`,
  status: "open",
  created_at: 100,
  waiting_since: null,
  version: 1,
  ...more,
});

/** Routes over the hand-overs in `kept`; `calls` collects what was asked. */
function desk(...kept) {
  const calls = [];
  const counts = new Counts();
  const live = new EventTarget();
  const routes = {
    calls,
    page: async (status) => {
      calls.push(`page ${status}`);
      const data = kept.filter((one) => one.status === status);
      const open = kept.filter((one) => one.status === "open").length;
      return { data, counts: { open, mine: 0, missed: 0 }, has_more: false };
    },
    one: async (id) => {
      const conversation = { title: "运单", messages: [{ id: "t1", role: "user", text: "在吗" }] };
      return { ...kept.find((one) => one.id === id), conversation };
    },
  };
  const inbox = new Inbox(routes, live, "li", counts);
  const tell = (detail) => live.dispatchEvent(new CustomEvent("news", { detail }));
  return { routes, inbox, live, counts, tell, kept };
}

test("the list is read when the stream opens, and tells how many wait", async () => {
  const { inbox, live, counts } = desk(handoff("a"), handoff("b", { created_at: 50 }));
  live.dispatchEvent(new Event("opened"));
  await soon();
  assert.deepEqual(
    inbox.rows.map(({ id }) => id),
    ["b", "a"],
  );
  assert.equal(counts.total, 2);
});

test("a hand-over that another claims leaves the list at once", async () => {
  const { inbox, tell } = desk(handoff("a"), handoff("b"));
  await inbox.reload();
  tell({ handoff: handoff("a", { status: "claimed", assignee: "wang", version: 2 }) });
  assert.deepEqual(
    inbox.rows.map(({ id }) => id),
    ["b"],
  );
});

test("a row keeps its title and last words through claim, release and another claim", async () => {
  const last = { role: "user", text: "在吗" };
  const { inbox } = desk(handoff("a", { title: "运单", last }));
  await inbox.reload();
  inbox.choose("mine");
  await soon();
  for (const [version, status] of ["claimed", "open", "claimed"].entries()) {
    inbox.put(handoff("a", { status, assignee: "li", version: version + 2 }));
  }
  assert.deepEqual(
    inbox.rows.map((row) => [row.title, row.last]),
    [["运单", last]],
  );
});

test("a step that was taken here counts at once, and an older look does not undo it", async () => {
  const { inbox, routes, counts } = desk(handoff("a"), handoff("b"));
  await inbox.reload();
  inbox.choose("mine");
  await soon();
  const { page } = routes;
  const before = await page("mine");
  let letGo;
  routes.page = () => new Promise((resolve) => (letGo = () => resolve(before)));
  inbox.choose("open");
  inbox.choose("mine");
  const claimed = handoff("a", { status: "claimed", assignee: "li", version: 2 });
  inbox.put(claimed);
  inbox.put(claimed);
  assert.deepEqual(inbox.counts, { open: 1, mine: 1, missed: 0 });
  assert.equal(counts.of("inbox"), 1);
  letGo();
  await soon();
  assert.deepEqual(inbox.counts, { open: 1, mine: 1, missed: 0 });
});

test("many events cost one look at the list, not one each", async () => {
  const { inbox, routes, tell } = desk(handoff("a"));
  await inbox.reload();
  for (let version = 2; version < 50; version += 1) tell({ handoff: handoff("a", { version }) });
  await soon();
  assert.equal(routes.calls.length, 1);
});

test("a new wish is marked until it is opened, and announced once", async () => {
  const { inbox, tell } = desk();
  const announced = [];
  inbox.addEventListener("arrived", ({ detail }) => announced.push(detail.handoff.id));
  await inbox.reload();
  tell({ handoff: handoff("a"), cause: "requested" });
  assert.ok(inbox.unread.has("a"));
  inbox.opened("a");
  assert.ok(!inbox.unread.has("a"));
  assert.deepEqual(announced, ["a"]);
});

test("a customer's message to me counts until I look, one to a colleague does not", async () => {
  const { inbox, counts, tell } = desk();
  await inbox.reload();
  const turn = { id: "t", role: "user", text: "还在吗" };
  const claimed = (id, assignee) => handoff(id, { status: "claimed", assignee, waiting_since: 9 });
  tell({ handoff: claimed("a", "li"), turn });
  tell({ handoff: claimed("b", "wang"), turn });
  assert.equal(counts.of("inbox"), 1);
  inbox.opened("a");
  assert.equal(counts.of("inbox"), 0);
});

test("a failed look keeps the list and says why", async () => {
  const { inbox, routes } = desk(handoff("a"));
  await inbox.reload();
  routes.page = async () => {
    throw Object.assign(new Error("network"), { code: "network" });
  };
  inbox.choose("missed");
  inbox.choose("open");
  await soon();
  assert.equal(inbox.error.code, "network");
});

test("a message that an event tells is shown once, whoever tells it again", async () => {
  const { routes, live, inbox, tell } = desk(handoff("a"));
  const opened = new OpenHandoff(routes, live, inbox);
  opened.open("a");
  await soon();
  const told = [];
  opened.addEventListener("told", ({ detail }) => told.push(detail.turn.id));
  const news = {
    conversation_id: "conversation-a",
    handoff: handoff("a"),
    turn: { id: "t2", role: "user", text: "急" },
  };
  tell(news);
  tell(news);
  assert.deepEqual(
    opened.messages.map(({ id }) => id),
    ["t1", "t2"],
  );
  assert.deepEqual(told, ["t2"]);
  opened.close();
});

test("a reply whose arrival is not certain is sent again under the same key", async () => {
  const { routes, live, inbox } = desk(handoff("a", { status: "claimed", assignee: "li" }));
  const keys = [];
  routes.say = async (_id, text, key) => {
    keys.push(key);
    if (keys.length === 1) throw Object.assign(new Error("network"), { code: "network" });
    return { id: "t9", role: "staff", text };
  };
  const opened = new OpenHandoff(routes, live, inbox);
  opened.open("a");
  await soon();
  await assert.rejects(opened.say("您好"));
  await opened.say("您好");
  await opened.say("您好");
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[1], keys[2]);
  opened.close();
});

test("what comes late for a conversation that was left is not shown in the next", async () => {
  const { routes, live, inbox } = desk(handoff("a"), handoff("b"));
  const { one } = routes;
  let letGo;
  routes.one = async (id) => {
    if (id === "a") await new Promise((resolve) => (letGo = resolve));
    return one(id);
  };
  const opened = new OpenHandoff(routes, live, inbox);
  opened.open("a");
  opened.open("b");
  await soon();
  letGo();
  await soon();
  assert.equal(opened.handoff.id, "b");
  opened.close();
});
