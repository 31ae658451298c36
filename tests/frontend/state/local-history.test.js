import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalHistory } from "../../../frontend/assets/js/state/local-history.js";
import { Session } from "../../../frontend/assets/js/state/session.js";
import { TabState } from "../../../frontend/assets/js/state/tab-state.js";
import { MemoryStorage } from "../support.js";

test("local conversations are masked as the server would mask them", () => {
  const storage = new MemoryStorage();
  const session = {
    id: "1",
    title: "电话 13812345678",
    turns: [
      {
        id: "a",
        role: "user",
        text: "我的电话 13812345678，邮箱 zhang@example.com",
        files: [{ id: "file-1", name: "13812345678.png" }],
      },
      {
        id: "b",
        role: "assistant",
        text: "卡号 4111 1111 1111 1111",
        fields: [
          { name: "phone", value: "87654321" },
          { name: "order_number", value: "13812345678" },
        ],
        reading: [{ image: "file-1", fields: [{ name: "id_card", value: "11010519491231002X" }] }],
      },
    ],
  };
  const history = new LocalHistory(storage);
  history.save(session);
  history.save(session);
  const kept = [...storage.kept.values()].join("");
  for (const secret of ["zhang@", "4111 1111", "87654321", "19491231"])
    assert.ok(!kept.includes(secret), secret);
  assert.equal(kept.split("13812345678").length - 1, 1); // the order number
  assert.equal(history.list()[0].turns[0].text, "我的电话 138****5678，邮箱 z***@example.com");
  assert.equal(session.turns[0].text, "我的电话 13812345678，邮箱 zhang@example.com");
});

test("a full storage drops the oldest conversations, and gives up where not even one fits", () => {
  let room = 400;
  const storage = new MemoryStorage();
  const full = {
    ...storage,
    setItem: (key, value) => {
      if (value.length > room) throw new Error("QuotaExceededError");
      storage.setItem(key, value);
    },
  };
  const history = new LocalHistory(full);
  for (const id of ["1", "2", "3", "4"])
    history.save({ id, title: "", turns: [{ id, role: "user", text: "x".repeat(100) }] });
  assert.deepEqual(
    history.list().map((one) => one.id),
    ["4", "3"],
  );
  assert.equal(history.place, "local");
  room = 50;
  history.save({ id: "5", title: "", turns: [{ id: "5", role: "user", text: "x".repeat(100) }] });
  assert.deepEqual([history.place, history.why], ["none", "storageFull"]);
});

test("turns that two tabs save at the same moment stay, and removed turns do not come back", () => {
  const storage = new MemoryStorage();
  const [mine, theirs] = [new LocalHistory(storage), new LocalHistory(storage)];
  const turn = (id, at) => ({ id, at, role: "user", text: id });
  const here = { id: "c", title: "", turns: [turn("1", 1), turn("2", 2)] };
  const there = { id: "c", title: "", turns: [turn("1", 1), turn("3", 3)] };
  const before = new Map(storage.kept);
  mine.save(here);
  storage.kept.clear(); // their tab does not see our write yet
  for (const [key, value] of before) storage.kept.set(key, value);
  theirs.save(there);
  assert.equal(mine.mend(here), true);
  assert.deepEqual(
    theirs.list()[0].turns.map((one) => one.id),
    ["1", "2", "3"],
  );
  assert.equal(mine.mend(here), false);
  there.turns = [turn("1", 1)];
  there.removed = ["3"];
  theirs.save(there);
  assert.equal(mine.mend(here), false);
  assert.deepEqual(
    mine.list()[0].turns.map((one) => one.id),
    ["1", "2"],
  );
});

test("a search of the browser's history looks at titles and texts", async () => {
  const history = new LocalHistory(new MemoryStorage());
  history.save({ id: "1", title: "Invoice", turns: [{ id: "a", role: "user", text: "发票抬头" }] });
  const found = async (query) => (await history.page({ query })).data.length;
  assert.deepEqual([await found("抬头"), await found("invoice"), await found("物流")], [1, 1, 0]);
});

test("nothing that is kept holds a picture's bytes", async () => {
  const storage = new MemoryStorage();
  const api = {
    async *ask() {
      yield { choices: [{ delta: { content: "ok" } }] };
    },
  };
  const session = new Session(api, new LocalHistory(storage), new TabState(new MemoryStorage()));
  await session.ask("a", [{ id: "file-1", name: "a.png", type: "image/png", size: 9 }]);
  await session.ask("b", []);
  assert.doesNotMatch(JSON.stringify([...storage.kept.values()]), /base64|data:image|blob:/);
});

test("history keeps the newest conversation first and survives broken storage", () => {
  const history = new LocalHistory(new MemoryStorage());
  history.save({
    id: "1",
    title: "a",
    turns: [{ id: "t", role: "user", text: "x", secret: "no" }],
  });
  history.save({ id: "2", title: "b", turns: [] });
  assert.deepEqual(
    history.list().map((one) => one.id),
    ["2", "1"],
  );
  assert.equal("secret" in history.list()[1].turns[0], false);
  const broken = new LocalHistory({
    getItem: () => "{",
    setItem: () => {
      throw new Error("full");
    },
    removeItem: () => {},
  });
  assert.equal(broken.place, "none");
  assert.deepEqual(broken.list(), []);
});
