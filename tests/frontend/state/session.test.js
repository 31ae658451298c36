import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../frontend/assets/js/api/client.js";
import { LocalHistory } from "../../../frontend/assets/js/state/local-history.js";
import { Session } from "../../../frontend/assets/js/state/session.js";
import { TabState } from "../../../frontend/assets/js/state/tab-state.js";
import { MemoryStorage, silentApi, pacedApi, soon } from "../support.js";

test("a session asks, fills the turn and keeps it", async () => {
  const history = new LocalHistory(new MemoryStorage());
  const api = {
    async *ask() {
      yield { choices: [{ delta: { content: "79" } }] };
    },
  };
  const session = new Session(api, history);
  await session.ask("多少钱包邮", []);
  assert.deepEqual(
    history.list()[0].turns.map((turn) => turn.text),
    ["多少钱包邮", "79"],
  );
});

test("a failed answer is told and asked again in its place", async () => {
  let tries = 0;
  const api = {
    async *ask() {
      if (!tries++) throw new ApiError("network", "");
      yield { choices: [{ delta: { content: "ok" } }] };
    },
  };
  const session = new Session(api, new LocalHistory(new MemoryStorage()));
  let failed = null;
  session.addEventListener("failed", (event) => (failed = event.detail.error.code));
  await session.ask("a", []);
  assert.equal(failed, "network");
  await session.retry();
  assert.deepEqual(
    session.conversation.turns.map((turn) => turn.text),
    ["a", "ok"],
  );
});

test("a failed answer keeps the moment from which it may be retried", async () => {
  const session = new Session(
    {
      async *ask() {
        throw new ApiError("rate_limit_exceeded", "m", { retryAfter: 12 });
      },
    },
    new LocalHistory(new MemoryStorage()),
  );
  await session.ask("a", []);
  assert.ok(Math.abs(session.conversation.turns[1].failure.until - Date.now() - 12_000) < 1000);
});

test("an answer goes on while another conversation is open", async () => {
  const { api, goOn } = pacedApi();
  const history = new LocalHistory(new MemoryStorage());
  const session = new Session(api, history, new TabState(new MemoryStorage()));
  const told = [];
  for (const type of ["answered", "stopped"])
    session.addEventListener(type, ({ detail }) =>
      told.push([type, detail.conversation.id, detail.turn.text]),
    );
  session.ask("old", []);
  const { id } = session.conversation;
  await soon();
  await session.open();
  assert.equal(session.busy, false);
  // Back while it is written: the same answer, which still grows.
  const answering = new Promise((resolve) =>
    session.addEventListener("answering", ({ detail }) => resolve(detail), { once: true }),
  );
  await session.open({ id });
  assert.equal((await answering).turn, session.conversation.turns[1]);
  assert.equal(session.busy, true);
  await session.open();
  goOn(id);
  await soon();
  assert.deepEqual(told, [["answered", id, "half and the rest"]]);
  assert.deepEqual(
    (await history.get(id)).turns.map((turn) => turn.text),
    ["old", "half and the rest"],
  );
});

test("a question goes to the conversation in which it was written, whichever is open", async () => {
  const { api, goOn } = pacedApi();
  const history = new LocalHistory(new MemoryStorage());
  const session = new Session(api, history);
  const { conversation } = session;
  await session.open();
  session.ask("for the first", [], { conversation });
  await soon();
  assert.deepEqual(session.conversation.turns, []);
  goOn(conversation.id);
  await soon();
  assert.deepEqual(
    history.list().map((one) => [one.id, one.turns.length]),
    [[conversation.id, 2]],
  );
});

test("of two conversations opened in turn the second stays, however slow the first", async () => {
  const answers = new Map();
  const history = {
    get: (id) =>
      new Promise((resolve) => answers.set(id, () => resolve({ id, title: id, turns: [] }))),
    save: () => {},
  };
  const session = new Session({}, history);
  const [first, second] = [session.open({ id: "c1" }), session.open({ id: "c2" })];
  answers.get("c2")();
  await second;
  answers.get("c1")();
  await first;
  assert.equal(session.conversation.id, "c2");
});

test("one question at a time in one conversation", async () => {
  const bodies = [];
  const session = new Session(
    {
      ...silentApi,
      ask(body, signal) {
        bodies.push(body);
        return silentApi.ask(body, signal);
      },
    },
    new LocalHistory(new MemoryStorage()),
  );
  session.ask("one", []);
  session.ask("two", []);
  await soon();
  assert.equal(bodies.length, 1);
  assert.deepEqual(
    session.conversation.turns.map((turn) => turn.text),
    ["one", "half"],
  );
});

test("a conversation that is deleted while it is answered is not saved again", async () => {
  const history = new LocalHistory(new MemoryStorage());
  const session = new Session(silentApi, history);
  session.ask("one", []);
  await soon();
  await session.remove(session.conversation.id);
  await soon();
  assert.deepEqual(history.list(), []);
});

test("a question asked right after leaving another can be stopped", async () => {
  const session = new Session(silentApi, new LocalHistory(new MemoryStorage()));
  const told = [];
  session.addEventListener("stopped", ({ detail }) => told.push(detail.turn));
  session.ask("one", []);
  await soon();
  await session.open();
  session.ask("two", []);
  await soon();
  assert.equal(session.busy, true);
  assert.deepEqual(told, []);
  session.stop();
  await soon();
  assert.equal(session.busy, false);
  assert.equal(told[0], session.conversation.turns[1]);
});

test("a failed answer is kept with its reason", async () => {
  const history = new LocalHistory(new MemoryStorage());
  const session = new Session(
    {
      async *ask() {
        throw new ApiError("network", "gone");
      },
    },
    history,
  );
  await session.ask("a", []);
  assert.deepEqual(history.list()[0].turns[1].failure, {
    code: "network",
    details: {},
    request: "",
  });
});

test("a question that replaces another removes all turns after it", async () => {
  const bodies = [];
  const api = {
    async *ask(body) {
      bodies.push(body);
      yield {
        choices: [{ delta: { content: String(bodies.length) } }],
        sightdesk: { conversation: { id: "c", turn: `turn-${bodies.length}` } },
      };
    },
  };
  const session = new Session(api, new LocalHistory(new MemoryStorage()));
  await session.ask("a", []);
  await session.ask("b", []);
  await session.ask("A", [], { replaces: session.conversation.turns[0] });
  assert.deepEqual(
    session.conversation.turns.map((turn) => turn.text),
    ["A", "3"],
  );
  assert.deepEqual(bodies[2].metadata, { replaces: "turn-1" });
  await session.retry();
  assert.deepEqual(
    session.conversation.turns.map((turn) => turn.text),
    ["A", "4"],
  );
  assert.deepEqual(bodies[3].metadata, { replaces: "turn-3" });
  assert.deepEqual(session.conversation.turns.length, 2);
});
