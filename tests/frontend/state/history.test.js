import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../frontend/assets/js/api/client.js";
import { ServerHistory, historyFor } from "../../../frontend/assets/js/state/history.js";
import { MemoryStorage } from "../support.js";

test("history is the server's where it keeps one, else the browser's, else nowhere", async () => {
  assert.ok(
    (await historyFor({ history: "server" }, {}, new MemoryStorage())) instanceof ServerHistory,
  );
  assert.equal((await historyFor({ history: "local" }, {}, new MemoryStorage())).place, "local");
  const denied = await historyFor(
    { history: "local" },
    {},
    {
      setItem: () => {
        throw new Error("denied");
      },
    },
  );
  assert.deepEqual([denied.place, denied.why], ["none", "noStorage"]);
});

test("a page is requested anew after an answer; the start shares a request", async () => {
  const answers = [];
  const history = new ServerHistory({
    conversations: () => new Promise((resolve) => answers.push(resolve)),
  });
  const [side, session] = [history.page(), history.newest()];
  assert.equal(answers.length, 1);
  const after = history.page();
  assert.equal(answers.length, 2);
  answers[1]({ data: [{ id: "c1" }], has_more: false });
  answers[0]({ data: [], has_more: false });
  assert.deepEqual(
    [(await side).data, await session, (await after).data],
    [[], undefined, [{ id: "c1" }]],
  );
});

test("local conversations are merged with the server's once it keeps some again", async () => {
  const storage = new MemoryStorage();
  const away = await historyFor({ history: "local" }, {}, storage);
  away.save({
    id: "c2",
    title: "Away",
    turns: [{ id: "a", role: "user", text: "lost?", at: 2_000_000 }],
  });
  away.save({
    id: "c9",
    title: "Only here",
    turns: [{ id: "b", role: "user", text: "never asked again", at: 1_000_000 }],
  });
  const gone = new Set();
  const there = new Map([
    ["c1", [{ id: "t1", role: "user", text: "first" }]],
    ["c2", [{ id: "t2", role: "user", text: "and then?" }]],
  ]);
  const missing = (id) => {
    if (!there.has(id)) throw new ApiError("not_found", id);
  };
  const api = {
    conversations: async ({ before }) => ({
      data: before
        ? []
        : [
            { id: "c2", title: "Away", updated_at: 3000 },
            { id: "c1", title: "Old", updated_at: 500 },
          ],
      has_more: false,
    }),
    conversation: async (id) => {
      missing(id);
      return { id, title: "", messages: there.get(id) };
    },
    removeConversation: async (id) => {
      missing(id);
      gone.add(id);
    },
    rename: async (id) => missing(id),
  };
  const back = await historyFor({ history: "server" }, api, storage);
  assert.deepEqual(
    (await back.page()).data.map((one) => one.id),
    ["c2", "c9", "c1"],
  );
  assert.deepEqual(
    (await back.get("c2")).turns.map((turn) => turn.text),
    ["lost?", "and then?"],
  );
  assert.deepEqual(
    (await back.get("c9")).turns.map((turn) => turn.text),
    ["never asked again"],
  );
  assert.equal(await back.get("c5"), null);
  await back.rename("c9", "Found");
  assert.equal((await back.get("c9")).title, "Found");
  await back.remove("c9");
  await back.remove("c2");
  assert.deepEqual([...gone], ["c2"]);
  await assert.rejects(back.remove("c5"), { code: "not_found" });
  assert.ok(
    (await historyFor({ history: "server" }, api, storage)) instanceof ServerHistory,
    "nothing is left here",
  );
});
