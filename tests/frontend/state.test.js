import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { DeskError, Desk, eventsOf } from "../../frontend/assets/js/api/desk.js";
import { objection, scaledSize, typeOf } from "../../frontend/assets/js/models/attachments.js";
import { apply, changesIn, correctedFields, correctionOf, fromServer, merged, phaseOf, readingsFor, toMessages } from "../../frontend/assets/js/models/conversation.js";
import { wordsFor } from "../../frontend/assets/js/models/failure.js";
import { ServerHistory, historyFor } from "../../frontend/assets/js/state/history.js";
import { LocalHistory } from "../../frontend/assets/js/state/local.js";
import { Session } from "../../frontend/assets/js/state/session.js";
import { Tab } from "../../frontend/assets/js/state/tab.js";
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
  assert.equal(objection({ name: "a.pdf", type: "", size: 2000 }, 0, config).key, "tooLarge");
  assert.equal(objection({ name: "a.png", type: "image/png", size: 2000 }, 0, config), null); // it is scaled first
  assert.equal(objection({ name: "a.png", type: "image/png", size: 10 }, 2, config).key, "tooMany");
});

test("a picture is scaled only when it is refused or far above what is kept", () => {
  const limits = { image_max_bytes: 20e6, image_max_pixels: 50e6, image_max_side: 2048, image_longest_side: 30_000 };
  assert.equal(scaledSize({ width: 3840, height: 2160 }, 5e6, limits), null);
  assert.deepEqual(scaledSize({ width: 8192, height: 4096 }, 5e6, limits), { width: 2048, height: 1024 });
  assert.deepEqual(scaledSize({ width: 3000, height: 3000 }, 30e6, limits), { width: 2048, height: 2048 });
  // A long phone screenshot is cut into tiles by the gateway: its letters stay as they are.
  assert.equal(scaledSize({ width: 1080, height: 9000 }, 5e6, limits), null);
  const { width, height } = scaledSize({ width: 3000, height: 30000 }, 5e6, limits);
  assert.ok(width * height <= 50e6);
  assert.deepEqual(scaledSize({ width: 100, height: 40_000 }, 5e6, limits), { width: 75, height: 30_000 });
});

test("a HEIC picture is known by its name where the browser knows no type", () => {
  assert.equal(typeOf({ name: "IMG_1.HEIC", type: "" }), "image/heic");
  assert.equal(typeOf({ name: "IMG_1.heif", type: "image/heif" }), "image/heic");
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

test("what is read is kept with its place and without the picture's lines", () => {
  const turn = { role: "assistant", text: "" };
  const field = { name: "order_number", value: "QH1", box: [1, 2, 3, 4] };
  apply(turn, { sightdesk: { reading: [{ image: "file-1", width: 10, height: 20, lines: [{ text: "secret" }], fields: [field] }, { image: "file-0", width: 1, height: 1, lines: [], fields: [field] }] } });
  assert.equal(JSON.stringify(turn).includes("secret"), false);
  // Only the pictures of this question: an earlier one was shown with its own.
  assert.deepEqual(readingsFor(turn, { files: [{ id: "file-1" }] }), [{ image: "file-1", width: 10, height: 20, fields: [field] }]);
});

test("what happens while one waits has its words, in order", () => {
  const turn = { text: "" };
  const after = (extras) => (apply(turn, { choices: [], sightdesk: extras }), phaseOf(turn, { sightdesk: extras }, true).key);
  assert.equal(phaseOf(turn, null, true).key, "reading");
  assert.equal(after({ reading: [] }), "clauses");
  assert.equal(after({ citations: [] }), "thinking");
  assert.equal(after({ queue: { position: 3 } }), "queued");
  assert.equal(after({ queue: { position: 0 } }), "thinking"); // its turn has come
  assert.equal(after({ tool: { name: "track_waybill", status: "running" } }), "tool_logistics");
  turn.text = "a";
  assert.equal(phaseOf(turn, null, true).key, "writing");
});

test("a correction says what was read and what is right", () => {
  const words = correctionOf([{ name: "order_number", value: "QH2", old: "QH1" }], translator("en"));
  assert.equal(words, "Correction: Order number is QH2 (read as QH1). Please answer again with the corrected values.");
});

test("a correction's words tell what was corrected, in either language", () => {
  const changes = [{ name: "order_number", value: "QH2", old: "QH1" }, { name: "amount", value: "1.00 (net)", old: "7.00" }];
  for (const locale of ["zh-CN", "en"]) assert.deepEqual(changesIn(correctionOf(changes, translator(locale))), changes);
  assert.deepEqual(changesIn("订单号应为 QH2 吗？"), []);
});

test("what was put right takes the place of what was read, the last word first, and leaves its neighbours", () => {
  const text = translator("zh-CN");
  const asked = (...changes) => ({ role: "user", text: correctionOf(changes, text) });
  const field = (name, value) => ({ name, value, box: [1, 2, 3, 4], confidence: 0.7, valid: false });
  const turn = { role: "assistant", text: "", fields: [field("order_number", "QH1"), field("order_number", "QH9"), field("phone", "QH1")] };
  const turns = [{ role: "user", text: "?" }, turn, asked({ name: "order_number", value: "QH2", old: "QH1" }), asked({ name: "order_number", value: "QH3", old: "QH1" })];
  assert.deepEqual(correctedFields(turn, turns), [{ ...field("order_number", "QH3"), confidence: 1, valid: null }, ...turn.fields.slice(1)]);
});

test("two tabs' turns of one conversation are brought together, and what was replaced stays away", () => {
  const mine = [{ id: "1", at: 1 }, { id: "4", at: 4 }];
  const theirs = [{ id: "1", at: 1 }, { id: "2", at: 2 }, { id: "3", at: 3 }];
  assert.deepEqual(merged(mine, theirs, new Set(["3"])).map((turn) => turn.id), ["1", "2", "4"]);
});

test("a conversation of the server becomes the page's own", () => {
  const { turns } = fromServer({ id: "c", title: "t", messages: [
    { id: "t1", role: "user", text: "a", files: [{ id: "file-1", filename: "a.png", content_type: "image/png", pages: 1 }] },
    { id: "answer-1", role: "assistant", text: "b", citations: [{ id: "x" }], reading: [], degraded: false, state: "writing", rating: "up", reason: null },
  ] });
  assert.deepEqual(turns[0].files, [{ id: "file-1", name: "a.png", type: "image/png", size: undefined, pages: 1 }]);
  assert.equal(turns[1].writing, true);
  assert.equal(turns[1].answer, "answer-1");
});

test("a stream without its end is cut, and an error event is that error", async () => {
  const read = async (response) => { for await (const _ of eventsOf(response)); };
  await assert.rejects(read(streamOf('data: {"choices":[]}\n\n')), (error) => error.code === "cut");
  await assert.rejects(read(streamOf('data: {"error":{"code":"upstream_error","message":"m"}}\n\n')), (error) => error.code === "upstream_error");
  await read(streamOf("data: [DONE]\n\n"));
});

test("a stream that fails tells when to come back, as a refusal does in its header", async () => {
  const event = { error: { code: "queue_full", message: "m" }, sightdesk: { retry_after: 5 } };
  const read = async (response) => { for await (const _ of eventsOf(response)); };
  await assert.rejects(read(streamOf(`data: ${JSON.stringify(event)}\n\n`)), (error) => error.retryAfter === 5);
});

test("a failed answer keeps the moment from which it may be asked again", async () => {
  const session = new Session({ async *ask() { throw new DeskError("rate_limit_exceeded", "m", 12); } }, new LocalHistory(new Storage()));
  await session.ask("a", []);
  assert.ok(Math.abs(session.conversation.turns[1].failure.until - Date.now() - 12_000) < 1000);
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
  const limits = { image_max_bytes: 20 * 1024 ** 2, image_max_pixels: 50e6, image_longest_side: 30_000, pdf_max_pages: 8 };
  const finer = (code, message) => wordsFor(new DeskError(code, message), translator("en"), limits);
  assert.equal(finer("image_too_large", "The picture has 31457280 bytes; at most 20971520 are taken (IMAGE_MAX_BYTES)."), "The picture is too large: it has 30.0 MB; at most 20.0 MB each.");
  assert.match(finer("image_too_large", "The picture is 40000×10; no side may have more than 30000 pixels."), /40000×10; no side may have more than 30000/);
  assert.match(finer("image_too_large", "The picture is 9000×9000, 81000000 pixels; at most 50000000 (IMAGE_MAX_PIXELS)."), /9000×9000, 81 megapixels; at most 50/);
  assert.match(finer("pdf_too_large", "The PDF has 9 pages; at most 8 are taken (PDF_MAX_PAGES)."), /it has 9; at most 8/);
  assert.match(finer("invalid_image", "The PDF is protected by a password; remove it or send pictures of the pages."), /password/);
  assert.match(finer("upstream_unavailable", "The file could not be kept here: No space left on device."), /cannot store files/);
  assert.match(finer("upstream_unavailable", "The store of conversations does not answer; ask again in a moment."), /database does not answer/);
  assert.match(finer("upstream_unavailable", "No engine answers at the moment; try again in 5 s."), /model is away/);
  assert.equal(wordsFor(new DeskError("strange", "why"), translator("en")), "Something went wrong: why");
});

test("an engine that loads is no outage: its progress is told", () => {
  const error = Object.assign(new DeskError("upstream_unavailable", "m"), { engine: { ready: false, phase: "loading", percent: 62, fallback: false } });
  assert.equal(wordsFor(error, translator("zh-CN")), "智能引擎正在加载模型 62 %");
});

test("history is the server's where it keeps one, else the browser's, else nowhere", async () => {
  assert.ok((await historyFor({ history: "server" }, {}, new Storage())) instanceof ServerHistory);
  assert.equal((await historyFor({ history: "local" }, {}, new Storage())).place, "local");
  const denied = await historyFor({ history: "local" }, {}, { setItem: () => { throw new Error("denied"); } });
  assert.deepEqual([denied.place, denied.why], ["none", "noStorage"]);
});

test("a list that is asked for after an answer is not one that was on its way before; the start asks once", async () => {
  const answers = [];
  const history = new ServerHistory({ conversations: () => new Promise((resolve) => answers.push(resolve)) });
  const [side, session] = [history.page(), history.list()];
  assert.equal(answers.length, 1);
  const after = history.page();
  assert.equal(answers.length, 2);
  answers[1]({ data: [{ id: "c1" }], has_more: false });
  answers[0]({ data: [], has_more: false });
  assert.deepEqual([(await side).data, await session, (await after).data], [[], [], [{ id: "c1" }]]);
});

test("what was kept in the browser while the server could not is not lost when it can again", async () => {
  const storage = new Storage();
  const away = await historyFor({ history: "local" }, {}, storage);
  away.save({ id: "c2", title: "Away", turns: [{ id: "a", role: "user", text: "lost?", at: 2_000_000 }] });
  away.save({ id: "c9", title: "Only here", turns: [{ id: "b", role: "user", text: "never asked again", at: 1_000_000 }] });
  const gone = new Set();
  const there = new Map([["c1", [{ id: "t1", role: "user", text: "first" }]], ["c2", [{ id: "t2", role: "user", text: "and then?" }]]]);
  const missing = (id) => { if (!there.has(id)) throw new DeskError("not_found", id); };
  const desk = {
    conversations: async ({ before }) => ({ data: before ? [] : [{ id: "c2", title: "Away", updated_at: 3000 }, { id: "c1", title: "Old", updated_at: 500 }], has_more: false }),
    conversation: async (id) => { missing(id); return { id, title: "", messages: there.get(id) }; },
    removeConversation: async (id) => { missing(id); gone.add(id); },
    rename: async (id) => missing(id),
  };
  const back = await historyFor({ history: "server" }, desk, storage);
  assert.deepEqual((await back.page()).data.map((one) => one.id), ["c2", "c9", "c1"]);
  assert.deepEqual((await back.get("c2")).turns.map((turn) => turn.text), ["lost?", "and then?"]);
  assert.deepEqual((await back.get("c9")).turns.map((turn) => turn.text), ["never asked again"]);
  assert.equal(await back.get("c5"), null);
  await back.rename("c9", "Found");
  assert.equal((await back.get("c9")).title, "Found");
  await back.remove("c9");
  await back.remove("c2");
  assert.deepEqual([...gone], ["c2"]);
  await assert.rejects(back.remove("c5"), { code: "not_found" });
  assert.ok((await historyFor({ history: "server" }, desk, storage)) instanceof ServerHistory, "nothing is left here");
});

test("what is kept in the browser is masked as the server would have kept it", () => {
  const storage = new Storage();
  const session = { id: "1", title: "电话 13812345678", turns: [
    { id: "a", role: "user", text: "我的电话 13812345678，邮箱 zhang@example.com", files: [{ id: "file-1", name: "13812345678.png" }] },
    { id: "b", role: "assistant", text: "卡号 4111 1111 1111 1111", fields: [{ name: "phone", value: "87654321" }, { name: "order_number", value: "13812345678" }],
      reading: [{ image: "file-1", fields: [{ name: "id_card", value: "11010519491231002X" }] }] },
  ] };
  const history = new LocalHistory(storage);
  history.save(session);
  history.save(session);
  const kept = [...storage.kept.values()].join("");
  for (const secret of ["zhang@", "4111 1111", "87654321", "19491231"]) assert.ok(!kept.includes(secret), secret);
  assert.equal(kept.split("13812345678").length - 1, 1); // the order number
  assert.equal(history.list()[0].turns[0].text, "我的电话 138****5678，邮箱 z***@example.com");
  assert.equal(session.turns[0].text, "我的电话 13812345678，邮箱 zhang@example.com"); // who asked still sees it
});

test("a full storage drops the oldest conversations, and where not even one fits it says so", () => {
  let room = 400;
  const storage = new Storage();
  const full = { ...storage, setItem: (key, value) => { if (value.length > room) throw new Error("QuotaExceededError"); storage.setItem(key, value); } };
  const history = new LocalHistory(full);
  for (const id of ["1", "2", "3", "4"]) history.save({ id, title: "", turns: [{ id, role: "user", text: "x".repeat(100) }] });
  assert.deepEqual(history.list().map((one) => one.id), ["4", "3"]);
  assert.equal(history.place, "local");
  room = 50;
  history.save({ id: "5", title: "", turns: [{ id: "5", role: "user", text: "x".repeat(100) }] });
  assert.deepEqual([history.place, history.why], ["none", "storageFull"]);
});

test("a search of the browser's history looks at titles and texts", async () => {
  const history = new LocalHistory(new Storage());
  history.save({ id: "1", title: "Invoice", turns: [{ id: "a", role: "user", text: "发票抬头" }] });
  const found = async (query) => (await history.page({ query })).data.length;
  assert.deepEqual([await found("抬头"), await found("invoice"), await found("物流")], [1, 1, 0]);
});

test("nothing that is kept holds a picture's bytes", async () => {
  const storage = new Storage();
  const desk = { async *ask() { yield { choices: [{ delta: { content: "ok" } }] }; } };
  const session = new Session(desk, new LocalHistory(storage), new Tab(new Storage()));
  await session.ask("a", [{ id: "file-1", name: "a.png", type: "image/png", size: 9 }]);
  await session.ask("b", []);
  assert.doesNotMatch(JSON.stringify([...storage.kept.values()]), /base64|data:image|blob:/);
});

test("history keeps the newest conversation first and survives broken storage", () => {
  const history = new LocalHistory(new Storage());
  history.save({ id: "1", title: "a", turns: [{ role: "user", text: "x", secret: "no" }] });
  history.save({ id: "2", title: "b", turns: [] });
  assert.deepEqual(history.list().map((one) => one.id), ["2", "1"]);
  assert.equal("secret" in history.list()[1].turns[0], false);
  const broken = new LocalHistory({ getItem: () => "{", setItem: () => { throw new Error("full"); }, removeItem: () => {} });
  assert.equal(broken.place, "none");
  assert.deepEqual(broken.list(), []);
});

test("a session asks, fills the turn and keeps it", async () => {
  const history = new LocalHistory(new Storage());
  const desk = { async *ask() { yield { choices: [{ delta: { content: "79" } }] }; } };
  const session = new Session(desk, history);
  await session.ask("多少钱包邮", []);
  assert.deepEqual(history.list()[0].turns.map((turn) => turn.text), ["多少钱包邮", "79"]);
});

test("a failed answer is told and asked again in its place", async () => {
  let tries = 0;
  const desk = { async *ask() { if (!tries++) throw new DeskError("network", ""); yield { choices: [{ delta: { content: "ok" } }] }; } };
  const session = new Session(desk, new LocalHistory(new Storage()));
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
  const history = new LocalHistory(new Storage());
  const session = new Session(slow, history);
  session.ask("old", []);
  await soon();
  session.open();
  await soon();
  assert.deepEqual(history.list().map((one) => one.turns.map((turn) => turn.text)), [["old", "half"]]);
});

test("a question asked right after leaving another can be stopped", async () => {
  const session = new Session(slow, new LocalHistory(new Storage()));
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
  const history = new LocalHistory(new Storage());
  const session = new Session({ async *ask() { throw new DeskError("network", "gone"); } }, history);
  await session.ask("a", []);
  assert.deepEqual(history.list()[0].turns[1].failure, { code: "network", message: "gone" });
});

test("a question that was refused is there again when its conversation is opened, until it is stored", async () => {
  const own = new Storage();
  let refused = true;
  const desk = {
    async *ask() { if (refused) throw new DeskError("rate_limit_exceeded", "m"); yield { sightdesk: { conversation: { id: "c", turn: "turn-1" } } }; },
    conversation: async (id) => ({ id, title: "t", messages: [] }),
    conversations: async () => ({ data: [], has_more: false }),
  };
  const session = new Session(desk, new ServerHistory(desk), new Tab(own));
  await session.ask("a", [{ id: "file-1" }]);
  const { id } = session.conversation;
  await session.open();
  await session.ask("b", []); // another one, refused too
  await session.open({ id });
  assert.deepEqual(session.conversation.turns.map((turn) => [turn.text, turn.failure?.code]), [["a", undefined], ["", "rate_limit_exceeded"]]);
  assert.deepEqual(session.conversation.turns[0].files, [{ id: "file-1" }]);
  refused = false;
  await session.retry();
  await session.open({ id });
  assert.deepEqual(session.conversation.turns, []); // now it is the gateway's to know
});

test("a question asked in place of another cuts what came after it", async () => {
  const bodies = [];
  const desk = { async *ask(body) { bodies.push(body); yield { choices: [{ delta: { content: String(bodies.length) } }], sightdesk: { conversation: { id: "c", turn: `turn-${bodies.length}` } } }; } };
  const session = new Session(desk, new LocalHistory(new Storage()));
  await session.ask("a", []);
  await session.ask("b", []);
  await session.ask("A", [], { replaces: session.conversation.turns[0] });
  assert.deepEqual(session.conversation.turns.map((turn) => turn.text), ["A", "3"]);
  assert.deepEqual(bodies[2].metadata, { replaces: "turn-1" });
  await session.retry();
  assert.deepEqual(session.conversation.turns.map((turn) => turn.text), ["A", "4"]);
  assert.deepEqual(bodies[3].metadata, { replaces: "turn-3" });
  assert.deepEqual(session.conversation.turns.length, 2);
});

/** A desk whose first line breaks after two events; the answer goes on where it is asked to. */
function breaking(told) {
  const events = ["你", "好", "吗"].map((content) => ({ choices: [{ delta: { content } }], sightdesk: { answer: { id: "answer-1" } } }));
  return {
    async *ask() { yield* events.slice(0, 2); throw new DeskError("cut", "cut"); },
    async *resume(answer, from) { told.push([answer, from]); yield* events.slice(from); },
  };
}

test("a line that breaks is taken up at the next event", async () => {
  const told = [];
  const session = new Session(breaking(told), new LocalHistory(new Storage()));
  await session.ask("a", []);
  assert.deepEqual(told, [["answer-1", 2]]);
  assert.equal(session.conversation.turns[1].text, "你好吗");
});

test("a reload in mid-answer picks the answer up again", async () => {
  const [local, own] = [new Storage(), new Storage()];
  const before = new Session(slow, new LocalHistory(local), new Tab(own));
  before.ask("a", []);
  await soon();
  before.leave(); // the page is gone before anything could be said
  own.setItem("sightdesk.tab", JSON.stringify({ conversation: before.conversation.id, pending: { conversation: before.conversation.id, answer: "answer-1" } }));
  const told = [];
  const after = new Session(breaking(told), new LocalHistory(local), new Tab(own));
  await after.start();
  assert.deepEqual(told, [["answer-1", 0]]);
  assert.deepEqual(after.conversation.turns.map((turn) => turn.text), ["a", "你好吗"]);
});

test("a reload after an answer that nobody can pick up says that it broke off", async () => {
  const local = new Storage();
  new LocalHistory(local).save({ id: "c", title: "a", turns: [{ id: "1", role: "user", text: "a" }] });
  const session = new Session({}, new LocalHistory(local), new Tab(new Storage()));
  await session.start();
  assert.equal(session.conversation.turns[1].failure.code, "cut");
});

/** A server whose line of an answer falls silent after one event and stays open; the rest comes to who asks for it. */
async function stalling() {
  const asked = [];
  const events = ["你", "好"].map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }], sightdesk: { answer: { id: "answer-1" } } })}\n\n`);
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "POST") response.write(events[0]);
    else response.end(`${events[1]}data: [DONE]\n\n`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { asked, desk: new Desk({ fetch: (path, init) => fetch(url + path, init), silenceMs: 1500 }), close: () => (server.closeAllConnections(), server.close()) };
}

test("a line that falls silent is left, and the answer goes on where it was heard last", async () => {
  const { asked, desk, close } = await stalling();
  const session = new Session(desk, new LocalHistory(new Storage()));
  const phases = [];
  session.addEventListener("progress", (event) => phases.push(event.detail.phase.key));
  await session.ask("a", []);
  close();
  assert.deepEqual(asked, ["POST /api/chat", "GET /api/chat/answer-1?from=1"]);
  assert.equal(session.conversation.turns[1].text, "你好");
  assert.deepEqual(phases, ["writing", "reconnecting", "writing"]);
});

test("a server that never says a word is a failure of its own, and a person who stops is none", async () => {
  const server = createServer(() => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const desk = new Desk({ fetch: (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init), silenceMs: 1500 });
  const session = new Session(desk, new LocalHistory(new Storage()));
  await session.ask("a", []);
  assert.equal(session.conversation.turns[1].failure.code, "silent");
  const again = session.retry();
  await soon();
  session.stop();
  await again;
  assert.equal(session.conversation.turns[1].stopped, true);
  server.closeAllConnections();
  server.close();
});
