import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../frontend/assets/js/api/client.js";
import { ServerHistory, historyFor } from "../../../frontend/assets/js/state/history.js";
import { LocalHistory } from "../../../frontend/assets/js/state/local-history.js";
import { Session } from "../../../frontend/assets/js/state/session.js";
import { TabState } from "../../../frontend/assets/js/state/tab-state.js";
import {
  MemoryStorage,
  silentApi,
  pacedApi,
  breakingApi,
  stallingServer,
  soon,
  impatientClient,
  serving,
} from "../support.js";

test("a reload also resumes answers in conversations that were left", async () => {
  const [local, own] = [new MemoryStorage(), new MemoryStorage()];
  const before = new Session(pacedApi().api, new LocalHistory(local), new TabState(own));
  before.ask("left", []);
  const { id } = before.conversation;
  await soon();
  await before.open();
  before.leave();
  const told = [];
  const after = new Session(breakingApi(told), new LocalHistory(local), new TabState(own));
  await after.start();
  assert.deepEqual(told, [[`answer-${id}`, 0]]);
  assert.deepEqual(
    (await new LocalHistory(local).get(id)).turns.map((turn) => turn.text),
    ["left", "你好吗"],
  );
  assert.deepEqual(new TabState(own).answers, {});
});

test("a refused question reappears with its conversation until it is stored", async () => {
  const own = new MemoryStorage();
  let refused = true;
  const api = {
    async *ask() {
      if (refused) throw new ApiError("rate_limit_exceeded", "m");
      yield { sightdesk: { conversation: { id: "c", turn: "turn-1" } } };
    },
    conversation: async (id) => ({ id, title: "t", messages: [] }),
    conversations: async () => ({ data: [], has_more: false }),
  };
  const session = new Session(api, new ServerHistory(api), new TabState(own));
  await session.ask("a", [{ id: "file-1" }]);
  const { id } = session.conversation;
  await session.open();
  await session.ask("b", []); // another one, refused too
  await session.open({ id });
  assert.deepEqual(
    session.conversation.turns.map((turn) => [turn.text, turn.failure?.code]),
    [
      ["a", undefined],
      ["", "rate_limit_exceeded"],
    ],
  );
  assert.deepEqual(session.conversation.turns[0].files, [{ id: "file-1" }]);
  refused = false;
  await session.retry();
  await session.open({ id });
  assert.deepEqual(session.conversation.turns, []); // now it is the gateway's to know
});

test("a stream that breaks is resumed at the next event", async () => {
  const told = [];
  const session = new Session(breakingApi(told), new LocalHistory(new MemoryStorage()));
  await session.ask("a", []);
  assert.deepEqual(told, [["answer-1", 2]]);
  assert.equal(session.conversation.turns[1].text, "你好吗");
});

test("a reload resumes the answer that was being written", async () => {
  const [local, own] = [new MemoryStorage(), new MemoryStorage()];
  const before = new Session(silentApi, new LocalHistory(local), new TabState(own));
  before.ask("a", []);
  await soon();
  before.leave(); // the page is gone before anything could be said
  own.setItem(
    "sightdesk.tab",
    JSON.stringify({
      conversation: before.conversation.id,
      answers: { [before.conversation.id]: "answer-1" },
    }),
  );
  const told = [];
  const after = new Session(breakingApi(told), new LocalHistory(local), new TabState(own));
  await after.start();
  assert.deepEqual(told, [["answer-1", 0]]);
  assert.deepEqual(
    after.conversation.turns.map((turn) => turn.text),
    ["a", "你好吗"],
  );
});

test("a reload shows that an answer which cannot be resumed was cut off", async () => {
  const local = new MemoryStorage();
  new LocalHistory(local).save({
    id: "c",
    title: "a",
    turns: [{ id: "1", role: "user", text: "a" }],
  });
  const session = new Session({}, new LocalHistory(local), new TabState(new MemoryStorage()));
  await session.start();
  assert.equal(session.conversation.turns[1].failure.code, "cut");
});

test("a silent stream is closed, and the answer is resumed after its last event", async () => {
  const { asked, api, close } = await stallingServer();
  const session = new Session(api, new LocalHistory(new MemoryStorage()));
  const phases = [];
  session.addEventListener("progress", (event) => phases.push(event.detail.phase.key));
  await session.ask("a", []);
  close();
  assert.deepEqual(asked, ["POST /api/chat", "GET /api/chat/answer-1?from=1"]);
  assert.equal(session.conversation.turns[1].text, "你好");
  assert.deepEqual(phases, ["writing", "reconnecting", "writing"]);
});

test("a server that never responds is a silent failure, and stopping is none", async () => {
  const { url, close } = await serving(() => {});
  const api = impatientClient(url);
  const session = new Session(api, new LocalHistory(new MemoryStorage()));
  await session.ask("a", []);
  assert.equal(session.conversation.turns[1].failure.code, "silent");
  const again = session.retry();
  await soon();
  session.stop();
  await again;
  assert.equal(session.conversation.turns[1].stopped, true);
  close();
});

test("whatever a storage holds, the page works", async () => {
  const turn = { id: "1", role: "user", text: "a" };
  const texts = [
    "{",
    "",
    "7",
    "null",
    "true",
    '"text"',
    "[]",
    "[null, 7, {}]",
    "{}",
    '{"conversation": 7, "answers": [1], "unsent": {"c": 1}, "draft": {}}',
    '{"conversation": "c", "unsent": {"c": {"title": "t", "turns": [null]}}}',
    '{"conversation": "c", "unsent": {"c": {"title": "t", "turns": []}}}',
    '{"answers": {"c": null}}',
    JSON.stringify([{ id: "c", title: "t", turns: [{ ...turn, role: "system" }] }]),
    JSON.stringify([{ id: "c", title: 7, turns: [turn] }]),
    JSON.stringify([{ id: "c", title: "t", turns: [{ ...turn, reading: [{ fields: null }] }] }]),
    JSON.stringify([{ id: "c", title: "t", turns: [{ ...turn, files: [null] }] }]),
  ];
  for (const text of texts) {
    const storage = { getItem: () => text, setItem: () => {}, removeItem: () => {} };
    const history = await historyFor({ history: "local" }, {}, storage);
    const session = new Session(
      {
        async *ask() {
          yield { choices: [{ delta: { content: "ok" } }] };
        },
      },
      history,
      new TabState(storage),
    );
    await session.start();
    assert.equal((await history.page({ query: "a" })).data.length, 0, text);
    assert.equal(new TabState(storage).draft, "", text);
    await session.ask("a", []);
    assert.equal(session.conversation.turns.at(-1).text, "ok", text);
  }
});
