import assert from "node:assert/strict";
import { test } from "node:test";
import { scopedStorage } from "../../../frontend/assets/js/host/scoped-storage.js";
import { MemoryStorage } from "../support.js";

test("users do not share storage, and without storage the frame's memory serves", () => {
  const storage = new MemoryStorage();
  scopedStorage("ann", storage).setItem("k", "1");
  assert.equal(scopedStorage("bo", storage).getItem("k"), null);
  assert.equal(scopedStorage("ann", storage).getItem("k"), "1");
  const scoped = scopedStorage("ann", {
    setItem: () => {
      throw new Error("denied");
    },
  });
  scoped.setItem("k", "2");
  assert.equal(scoped.getItem("k"), "2");
});

test("a user's name is not readable in the storage's keys", () => {
  const keys = [];
  const storage = { getItem: () => null, setItem: (key) => keys.push(key), removeItem: () => {} };
  scopedStorage("shop:13800138000", storage).setItem("k", "1");
  assert.match(keys.at(-1), /^k@[0-9a-z]+$/);
  assert.ok(keys.every((key) => !key.includes("13800138000")));
});
