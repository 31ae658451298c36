import assert from "node:assert/strict";
import { test } from "node:test";
import { DeskError, Desk, eventsOf } from "../../frontend/assets/js/api/desk.js";
import { objection } from "../../frontend/assets/js/models/attachments.js";
import { apply, toMessages } from "../../frontend/assets/js/models/conversation.js";
import { wordsFor } from "../../frontend/assets/js/models/failure.js";
import { History } from "../../frontend/assets/js/state/history.js";
import { Session } from "../../frontend/assets/js/state/session.js";
import { translator } from "../../frontend/assets/js/lib/texts.js";

class Storage {
  kept = new Map();
  getItem = (key) => this.kept.get(key) ?? null;
  setItem = (key, value) => void this.kept.set(key, value);
  removeItem = (key) => void this.kept.delete(key);
}

const config = { limits: { max_images: 2, image_max_bytes: 1000 }, accept: ["image/png", "application/pdf"] };
const streamOf = (...texts) => new Response(new Blob(texts).stream());

test("files are judged by kind, size and number before they are sent", () => {
  assert.equal(objection({ name: "a.png", type: "image/png", size: 10 }, 0, config), null);
  assert.equal(objection({ name: "a.pdf", type: "", size: 10 }, 0, config), null);
  assert.equal(objection({ name: "a.exe", type: "", size: 10 }, 0, config).key, "wrongType");
  assert.equal(objection({ name: "a.png", type: "image/png", size: 2000 }, 0, config).key, "tooLarge");
  assert.equal(objection({ name: "a.png", type: "image/png", size: 10 }, 2, config).key, "tooMany");
});

test("messages carry file ids and never pictures, and failed answers stay out", () => {
  const turns = [{ role: "user", text: "a", files: [{ id: "file-1" }] }, { role: "assistant", text: "" }, { role: "user", text: "b" }];
  assert.deepEqual(toMessages(turns), [
    { role: "user", content: [{ type: "text", text: "a" }, { type: "file", file: { file_id: "file-1" } }] },
    { role: "user", content: "b" },
  ]);
});

test("events fill the turn", () => {
  const turn = { role: "assistant", text: "" };
  apply(turn, { choices: [], sightdesk: { answer: { id: "answer-1" }, citations: [{ id: "c" }], degraded: true } });
  apply(turn, { choices: [{ delta: { content: "你好" } }] });
  assert.deepEqual(turn, { role: "assistant", text: "你好", answer: "answer-1", citations: [{ id: "c" }], degraded: true });
});

test("a stream without its end is cut, and an error event is that error", async () => {
  const read = async (response) => { for await (const _ of eventsOf(response)); };
  await assert.rejects(read(streamOf('data: {"choices":[]}\n\n')), (error) => error.code === "cut");
  await assert.rejects(read(streamOf('data: {"error":{"code":"upstream_error","message":"m"}}\n\n')), (error) => error.code === "upstream_error");
  await read(streamOf("data: [DONE]\n\n"));
});

test("a server that cannot be reached is a network failure", async () => {
  const desk = new Desk({ fetch: () => Promise.reject(new TypeError("failed")) });
  await assert.rejects(desk.config(), (error) => error instanceof DeskError && error.code === "network");
});

test("a refusal keeps its code and when to come back", async () => {
  const body = { error: { code: "rate_limit_exceeded", message: "m" } };
  const desk = new Desk({ fetch: async () => Response.json(body, { status: 429, headers: { "retry-after": "12" } }) });
  await assert.rejects(desk.config(), (error) => error.code === "rate_limit_exceeded" && error.retryAfter === 12);
});

test("every failure has words, with the bound", () => {
  const words = wordsFor(new DeskError("image_too_large", "m"), translator("en"), { image_max_bytes: 1024, max_images: 8 });
  assert.equal(words, "The picture is too large: at most 1 KB each.");
  assert.equal(wordsFor(new DeskError("strange", "why"), translator("en")), "Something went wrong: why");
});

test("history keeps the newest conversation first and survives broken storage", () => {
  const history = new History(new Storage());
  history.save({ id: "1", title: "a", turns: [{ role: "user", text: "x", secret: "no" }] });
  history.save({ id: "2", title: "b", turns: [] });
  assert.deepEqual(history.list().map((one) => one.id), ["2", "1"]);
  assert.equal("secret" in history.list()[1].turns[0], false);
  const broken = new History({ getItem: () => "{", setItem: () => { throw new Error("full"); }, removeItem: () => {} });
  assert.equal(broken.available, false);
  assert.deepEqual(broken.list(), []);
});

test("a session asks, fills the turn and keeps it", async () => {
  const history = new History(new Storage());
  const desk = { async *ask() { yield { choices: [{ delta: { content: "79" } }] }; } };
  const session = new Session(desk, history);
  await session.ask("多少钱包邮", []);
  assert.deepEqual(history.list()[0].turns.map((turn) => turn.text), ["多少钱包邮", "79"]);
});

test("a failed answer is told and asked again in its place", async () => {
  let tries = 0;
  const desk = { async *ask() { if (!tries++) throw new DeskError("network", ""); yield { choices: [{ delta: { content: "ok" } }] }; } };
  const session = new Session(desk, new History(new Storage()));
  let failed = null;
  session.addEventListener("failed", (event) => (failed = event.detail.error.code));
  await session.ask("a", []);
  assert.equal(failed, "network");
  await session.retry();
  assert.deepEqual(session.conversation.turns.map((turn) => turn.text), ["a", "ok"]);
});

/** A desk that says "half" and then nothing until it is stopped. */
const slow = { stop: async () => {}, async *ask(body, signal) {
  yield { choices: [{ delta: { content: "half" } }] };
  await new Promise((_, refuse) => signal.addEventListener("abort", () => refuse(new DOMException("", "AbortError"))));
} };
const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

test("a conversation left while it is answered keeps its question and what had come", async () => {
  const history = new History(new Storage());
  const session = new Session(slow, history);
  session.ask("old", []);
  await soon();
  session.open();
  await soon();
  assert.deepEqual(history.list().map((one) => one.turns.map((turn) => turn.text)), [["old", "half"]]);
});

test("a question asked right after leaving another can be stopped", async () => {
  const session = new Session(slow, new History(new Storage()));
  const told = [];
  session.addEventListener("stopped", (event) => told.push(event.detail));
  session.ask("one", []);
  await soon();
  session.open();
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
  const history = new History(new Storage());
  const session = new Session({ async *ask() { throw new DeskError("network", "gone"); } }, history);
  await session.ask("a", []);
  assert.deepEqual(history.list()[0].turns[1].failure, { code: "network", message: "gone" });
});
