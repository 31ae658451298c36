import assert from "node:assert/strict";
import { test } from "node:test";
import { Handoffs } from "../../../frontend/assets/js/state/handoffs.js";
import { Session } from "../../../frontend/assets/js/state/session.js";
import { soon } from "../support.js";

const notice = (status, cause = status) => ({
  type: "handoff",
  handoff: "h",
  number: 4821,
  status,
  cause,
  assignee: status === "claimed" ? "Li" : null,
});
const noticed = (id, status) => ({ id, role: "assistant", text: "", notice: notice(status) });
const CLAIMED = { id: "h", number: 4821, status: "claimed", assignee: "Li" };

/** A session with these turns; `answers`: the events of the next answers. */
function sessionWith(turns, answers = []) {
  const asked = [];
  const api = {
    async *ask(body) {
      asked.push(body.messages);
      for (const event of answers.shift()) {
        if (event instanceof Error) throw event;
        yield event;
      }
    },
    async *follow() {},
    conversation: async () => ({ id: "c", title: "", messages: [] }),
    config: async () => ({}),
  };
  const history = { save() {}, get: async () => null };
  const session = new Session(api, history, null);
  session.conversation = { id: "c", title: "t", turns };
  const told = [];
  for (const type of ["answering", "answered", "withdrawn", "failed", "said"]) {
    session.addEventListener(type, () => told.push(type));
  }
  return { session, api, told, asked, roles: () => session.conversation.turns.map((t) => t.role) };
}

const extra = (sightdesk) => ({ choices: [], sightdesk });
const words = (content) => ({ choices: [{ delta: { content } }] });

test("a message to a person waits for no answer", async () => {
  const turns = [{ id: "n", role: "assistant", text: "", notice: notice("claimed") }];
  const events = [[extra({ conversation: { id: "c", turn: "t1" } }), extra({ handoff: CLAIMED })]];
  const { session, told, roles } = sessionWith(turns, events);
  await session.ask("hello", []);
  assert.deepEqual(roles(), ["assistant", "user"]);
  assert.deepEqual(told, ["withdrawn"]);
  assert.equal(session.conversation.turns.at(-1).stored, "t1");
});

test("an answer comes after all where the person has left meanwhile", async () => {
  const turns = [{ id: "n", role: "assistant", text: "", notice: notice("claimed") }];
  const { session, told, roles } = sessionWith(turns, [[words("Hi")]]);
  await session.ask("hello", []);
  assert.deepEqual(roles(), ["assistant", "user", "assistant"]);
  assert.deepEqual(told, ["answering", "answered"]);
});

test("a message that did not arrive is shown as failed", async () => {
  const turns = [{ id: "n", role: "assistant", text: "", notice: notice("claimed") }];
  const error = Object.assign(new Error("x"), { code: "rate_limit_exceeded", details: {} });
  const { session, told } = sessionWith(turns, [[error]]);
  await session.ask("hello", []);
  assert.deepEqual(told, ["answering", "failed"]);
  assert.equal(session.conversation.turns.at(-1).failure.code, "rate_limit_exceeded");
});

test("a person who claims while an answer is written stops it, or takes its place", async () => {
  const started = [[words("Wait"), extra({ handoff: CLAIMED })], [extra({ handoff: CLAIMED })]];
  const { session, told, roles } = sessionWith([], started);
  await session.ask("one", []);
  assert.equal(session.conversation.turns[1].stopped, true);
  await session.ask("two", []);
  assert.deepEqual(roles(), ["user", "assistant", "user"]);
  assert.deepEqual(told, ["answering", "answered", "answering", "withdrawn"]);
});

test("what people say is sent to the assistant as answers", async () => {
  const turns = [
    { id: "q", role: "user", text: "q" },
    { id: "s", role: "staff", text: "I am Li", author: "Li" },
    { id: "n", role: "assistant", text: "", notice: notice("resolved") },
  ];
  const { session, asked } = sessionWith(turns, [[words("A")]]);
  await session.ask("next", []);
  assert.deepEqual(
    asked[0].map(({ role, content }) => [role, content]),
    [
      ["user", "q"],
      ["assistant", "I am Li"],
      ["user", "next"],
    ],
  );
});

test("the beginning of a long message of this page is not taken for another one", async () => {
  const { session, api, roles } = sessionWith([
    { id: "q", role: "user", text: "long text" },
    { id: "n", role: "assistant", text: "", notice: notice("claimed") },
  ]);
  const turn = { id: "u1", role: "user", text: "long", is_cut: true, created_at: 2 };
  api.follow = async function* follow() {
    yield { handoff: {}, turn };
    yield { handoff: {}, turn: { ...turn, id: "u2", is_cut: false } };
    await new Promise(() => {});
  };
  new Handoffs(session, api);
  for (let tries = 0; tries < 5; tries += 1) await soon();
  assert.deepEqual(roles(), ["user", "assistant", "user"]);
  assert.equal(session.conversation.turns[0].stored, "u1");
});

test("after a reset the conversation is read again", async () => {
  const { session, api, roles } = sessionWith([noticed("n1", "claimed")]);
  let looks = 0;
  const messages = [{ id: "s1", role: "staff", text: "Hi", author: "Li", created_at: 1 }];
  api.conversation = async () => ({ id: "c", title: "", messages: looks++ ? messages : [] });
  api.follow = async function* follow(id, position, { onOpen }) {
    await onOpen();
    yield {};
    await new Promise(() => {});
  };
  new Handoffs(session, api);
  for (let tries = 0; tries < 9; tries += 1) await soon();
  assert.deepEqual([looks, roles()], [2, ["assistant", "staff"]]);
});

test("turns of people are taken once, from the stream or from the gateway's copy", async () => {
  const stored = [
    noticed("n1", "open"),
    { id: "s1", role: "staff", text: "Hi", author: "Li", created_at: 1 },
    { id: "u1", role: "user", text: "sent here", created_at: 2 },
  ];
  const { session, api, told, roles } = sessionWith([{ id: "q", role: "user", text: "sent here" }]);
  api.conversation = async () => ({ id: "c", title: "", messages: stored });
  api.handOff = async () => ({ id: "h", number: 4821, note: "" });
  api.follow = async function* follow() {
    for (const turn of stored) yield { handoff: {}, turn };
    await new Promise(() => {});
  };
  const handed = [];
  session.addEventListener("handoff", ({ detail }) => handed.push(detail.handoff.number));
  const handoffs = new Handoffs(session, api);
  await handoffs.request({ note: "please" });
  for (let tries = 0; tries < 5; tries += 1) await soon();
  await handoffs.request({ contact: "a@b.cn" });
  assert.deepEqual(handed, [4821]);
  assert.deepEqual(roles(), ["user", "assistant", "staff"]);
  assert.deepEqual(told, ["said", "said"]);
  assert.equal(session.conversation.turns[0].stored, "u1");
});
