import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { DeskError, Desk, eventsOf } from "../../frontend/assets/js/api/desk.js";
import { objection, recognised, scaledSize, sniff, typeOf } from "../../frontend/assets/js/models/attachments.js";
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
  assert.equal(objection({ name: "a.png", type: "image/png", size: 10 }, 0, 0, config), null);
  assert.equal(objection({ name: "a.pdf", type: "", size: 10 }, 0, 0, config), null);
  assert.equal(objection({ name: "a.exe", type: "", size: 10 }, 0, 0, config).key, "wrongType");
  assert.equal(objection({ name: "a.pdf", type: "", size: 2000 }, 0, 0, config).key, "tooLarge");
  assert.equal(objection({ name: "a.png", type: "image/png", size: 2000 }, 0, 0, config), null); // it is scaled first
  assert.equal(objection({ name: "a.png", type: "image/png", size: 10 }, 2, 2, config).key, "tooMany");
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
  const session = new Session({ async *ask() { throw new DeskError("rate_limit_exceeded", "m", { retryAfter: 12 }); } }, new LocalHistory(new Storage()));
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

const LIMITS = { max_images: 8, image_max_bytes: 20 * 1024 ** 2, image_max_pixels: 50e6, image_longest_side: 30_000, pdf_max_pages: 8 };

test("a failure's words come from its code and details, never from its message", () => {
  const said = (locale, code, details = {}, more = {}) => wordsFor(new DeskError(code, "has 9 pages", { details, ...more }), translator(locale), LIMITS);
  const english = (...given) => said("en", ...given);
  assert.equal(english("image_too_large"), "The picture is too large. The limit is 20.0 MB each.");
  assert.equal(english("image_too_large", { name: "IMAGE_MAX_BYTES", size: 31457280, limit: 10485760 }), "The picture is too large: 30.0 MB. The limit is 10.0 MB each.");
  assert.equal(english("image_too_large", { name: "side", size: 40_000, limit: 30_000 }), "The picture is too long: its longer side has 40000 pixels. The limit is 30000.");
  assert.equal(english("image_too_large", { name: "IMAGE_MAX_PIXELS", size: 81e6, limit: 50e6 }), "The picture is too large: about 81 megapixels. The limit is 50.");
  assert.equal(english("pdf_too_large"), "The PDF has too many pages. The limit is 8.");
  assert.equal(english("pdf_too_large", { name: "PDF_MAX_PAGES", size: 9, limit: 8 }), "The PDF has too many pages: 9. The limit is 8.");
  assert.equal(english("pdf_too_large", { name: "IMAGE_MAX_BYTES", size: 31457280, limit: 20971520 }), "The PDF is too large: 30.0 MB. The limit is 20.0 MB.");
  assert.match(english("invalid_image", { name: "password" }), /password/);
  assert.equal(english("invalid_image", { size: 0 }, { part: "files" }), "The file is empty. Choose another one.");
  assert.equal(said("zh-CN", "too_many_images", { size: 12, limit: 8 }), "图片太多：一次最多 8 张，您添加了 12 张。");
  assert.equal(said("zh-CN", "too_many_images"), "图片太多：一次最多 8 张。");
  assert.match(english("context_length_exceeded", { tokens_over: 1200 }), /by about 1200 tokens/);
  assert.match(english("context_length_exceeded", { size: 300_000, limit: 262_144 }), /300000 characters. The limit is 262144/);
  assert.match(english("body_too_large", { size: 80 * 1024 ** 2, limit: 64 * 1024 ** 2 }), /80.0 MB. The limit is 64.0 MB/);
});

test("what refused is known by the route, or by the details", () => {
  const said = (more) => wordsFor(new DeskError("upstream_unavailable", "m", more), translator("en"), LIMITS);
  assert.match(said({ part: "files" }), /cannot store files/);
  assert.match(said({ part: "conversations" }), /database is not responding/);
  assert.match(said({ part: "chat", details: { name: "conversations" } }), /database is not responding/);
  assert.match(said({ part: "chat" }), /AI engine is unavailable/);
});

test("an unknown code is told in general words with the request's number, and the server's English stays out", () => {
  for (const code of ["strange", "toString", "__proto__", undefined]) {
    const words = (locale) => wordsFor(new DeskError(code, "why", { request: "req-7" }), translator(locale), LIMITS);
    assert.equal(words("en"), "Something went wrong. Please try again later. (number req-7)");
    assert.equal(words("zh-CN"), "出错了，请稍后重试。（编号 req-7）");
  }
});

test("a failure keeps its details, its request and its route, however damaged the body is", async () => {
  const failing = (body, status = 400) => new Desk({ fetch: async () => new Response(body, { status, headers: { "x-request-id": "req-7" } }) });
  const details = { limit: 8, size: 12 };
  await assert.rejects(failing(JSON.stringify({ error: { code: "too_many_images", message: "m", details } })).reading("file-1"), { code: "too_many_images", details, request: "req-7", part: "files" });
  for (const body of ["<html>", "{}", '{"error": null}', '{"error": "busy"}', '{"error": {"code": 7, "details": "none"}}', ""]) {
    await assert.rejects(failing(body, 418).config(), (error) => typeof error.code === "string" && Object.keys(error.details).length === 0);
  }
});

test("a picture is known by its bytes, whatever type it declares", async () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]);
  for (const type of ["application/octet-stream", "image/x-png", "", "text/plain"]) assert.equal((await recognised(new File([png], "shot", { type }))).type, "image/png");
  const bytes = (text) => Uint8Array.from(text, (one) => one.charCodeAt(0));
  const kinds = { "\xff\xd8\xff\xe0": "image/jpeg", "RIFF0000WEBP": "image/webp", GIF89a: "image/gif", "0000ftypheic": "image/heic", "\n%PDF-1.7": "application/pdf", "MZ": "", "": "", [`BM${"0".repeat(30)}`]: "image/bmp", "RIFF0000WAVE": "" };
  for (const [head, type] of Object.entries(kinds)) assert.equal(sniff(bytes(head)), type, head);
  // What its bytes do not tell keeps its name: the gateway judges it.
  assert.equal(typeOf(await recognised(new File(["anything"], "IMG_1.HEIC"))), "image/heic");
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

test("what two tabs keep at the same moment stays, and what one of them removed does not come back", () => {
  const storage = new Storage();
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
  assert.deepEqual(theirs.list()[0].turns.map((one) => one.id), ["1", "2", "3"]);
  assert.equal(mine.mend(here), false);
  there.turns = [turn("1", 1)];
  there.removed = ["3"];
  theirs.save(there);
  assert.equal(mine.mend(here), false);
  assert.deepEqual(mine.list()[0].turns.map((one) => one.id), ["1", "2"]);
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
  history.save({ id: "1", title: "a", turns: [{ id: "t", role: "user", text: "x", secret: "no" }] });
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

/** A desk whose answers go on when they are told to. */
function paced() {
  const going = new Map();
  const desk = { stop: async () => {}, async *ask({ conversation_id: id }, signal) {
    yield { choices: [{ delta: { content: "half" } }], sightdesk: { answer: { id: `answer-${id}` } } };
    await new Promise((go, refuse) => (going.set(id, go), signal.addEventListener("abort", () => refuse(new DOMException("", "AbortError")))));
    yield { choices: [{ delta: { content: " and the rest" } }] };
  } };
  return { desk, goOn: (id) => going.get(id)() };
}

test("an answer goes on while another conversation is open, and is whole when one comes back", async () => {
  const { desk, goOn } = paced();
  const history = new LocalHistory(new Storage());
  const session = new Session(desk, history, new Tab(new Storage()));
  const told = [];
  for (const type of ["answered", "stopped"]) session.addEventListener(type, ({ detail }) => told.push([type, detail.conversation.id, detail.turn.text]));
  session.ask("old", []);
  const { id } = session.conversation;
  await soon();
  await session.open();
  assert.equal(session.busy, false);
  // Back while it is written: the same answer, which still grows.
  const answering = new Promise((resolve) => session.addEventListener("answering", ({ detail }) => resolve(detail), { once: true }));
  await session.open({ id });
  assert.equal((await answering).turn, session.conversation.turns[1]);
  assert.equal(session.busy, true);
  await session.open();
  goOn(id);
  await soon();
  assert.deepEqual(told, [["answered", id, "half and the rest"]]);
  assert.deepEqual((await history.get(id)).turns.map((turn) => turn.text), ["old", "half and the rest"]);
});

test("a question goes to the conversation in which it was written, whichever is open by then", async () => {
  const { desk, goOn } = paced();
  const history = new LocalHistory(new Storage());
  const session = new Session(desk, history);
  const { conversation } = session;
  await session.open();
  session.ask("for the first", [], { conversation });
  await soon();
  assert.deepEqual(session.conversation.turns, []);
  goOn(conversation.id);
  await soon();
  assert.deepEqual(history.list().map((one) => [one.id, one.turns.length]), [[conversation.id, 2]]);
});

test("of two conversations opened one after the other the second stays, however slow the first is", async () => {
  const answers = new Map();
  const history = { get: (id) => new Promise((resolve) => answers.set(id, () => resolve({ id, title: id, turns: [] }))), save: () => {} };
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
  const session = new Session({ ...slow, ask(body, signal) { bodies.push(body); return slow.ask(body, signal); } }, new LocalHistory(new Storage()));
  session.ask("one", []);
  session.ask("two", []);
  await soon();
  assert.equal(bodies.length, 1);
  assert.deepEqual(session.conversation.turns.map((turn) => turn.text), ["one", "half"]);
});

test("a conversation that is deleted while it is answered is not kept again", async () => {
  const history = new LocalHistory(new Storage());
  const session = new Session(slow, history);
  session.ask("one", []);
  await soon();
  await session.remove(session.conversation.id);
  await soon();
  assert.deepEqual(history.list(), []);
});

test("a reload goes on with the answers of conversations that were left, too", async () => {
  const [local, own] = [new Storage(), new Storage()];
  const before = new Session(paced().desk, new LocalHistory(local), new Tab(own));
  before.ask("left", []);
  const { id } = before.conversation;
  await soon();
  await before.open();
  before.leave();
  const told = [];
  const after = new Session(breaking(told), new LocalHistory(local), new Tab(own));
  await after.start();
  assert.deepEqual(told, [[`answer-${id}`, 0]]);
  assert.deepEqual((await new LocalHistory(local).get(id)).turns.map((turn) => turn.text), ["left", "你好吗"]);
  assert.deepEqual(new Tab(own).answers, {});
});

test("a question asked right after leaving another can be stopped", async () => {
  const session = new Session(slow, new LocalHistory(new Storage()));
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
  const history = new LocalHistory(new Storage());
  const session = new Session({ async *ask() { throw new DeskError("network", "gone"); } }, history);
  await session.ask("a", []);
  assert.deepEqual(history.list()[0].turns[1].failure, { code: "network", details: {}, request: "" });
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
  own.setItem("sightdesk.tab", JSON.stringify({ conversation: before.conversation.id, answers: { [before.conversation.id]: "answer-1" } }));
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

test("a storage that holds anything at all breaks nothing", async () => {
  const turn = { id: "1", role: "user", text: "a" };
  const texts = ["{", "", "7", "null", "true", '"text"', "[]", "[null, 7, {}]", "{}", '{"conversation": 7, "answers": [1], "unsent": {"c": 1}, "draft": {}}', '{"conversation": "c", "unsent": {"c": {"title": "t", "turns": [null]}}}',
    '{"conversation": "c", "unsent": {"c": {"title": "t", "turns": []}}}', '{"answers": {"c": null}}', JSON.stringify([{ id: "c", title: "t", turns: [{ ...turn, role: "system" }] }]), JSON.stringify([{ id: "c", title: 7, turns: [turn] }]),
    JSON.stringify([{ id: "c", title: "t", turns: [{ ...turn, reading: [{ fields: null }] }] }]), JSON.stringify([{ id: "c", title: "t", turns: [{ ...turn, files: [null] }] }])];
  for (const text of texts) {
    const storage = { getItem: () => text, setItem: () => {}, removeItem: () => {} };
    const history = await historyFor({ history: "local" }, {}, storage);
    const session = new Session({ async *ask() { yield { choices: [{ delta: { content: "ok" } }] }; } }, history, new Tab(storage));
    await session.start();
    assert.equal((await history.page({ query: "a" })).data.length, 0, text);
    assert.equal(new Tab(storage).draft, "", text);
    await session.ask("a", []);
    assert.equal(session.conversation.turns.at(-1).text, "ok", text);
  }
});

test("a request has no more text than the gateway takes, and no roles but user and assistant", () => {
  const turns = Array.from({ length: 20 }, (_, number) => ({ id: String(number), role: number % 2 ? "assistant" : "user", text: "x".repeat(100) }));
  const size = (messages) => messages.reduce((sum, { content }) => sum + content.length, 0);
  const messages = toMessages([...turns, { id: "q", role: "user", text: "now" }], 450);
  assert.deepEqual([messages.at(-1).content, messages[0].role, size(messages)], ["now", "user", 403]);
  assert.deepEqual(new Set(messages.map(({ role }) => role)), new Set(["user", "assistant"]));
  assert.equal(toMessages([...turns, { id: "q", role: "user", text: "y".repeat(900) }], 450).length, 1); // the gateway says that it is too long
});

test("a question of corrections without an end is read at once", () => {
  for (const text of ["更正：".repeat(80_000), `更正：${"订单号应为 （图中读作 ".repeat(20_000)}。请按更正后的内容重新回答。`, `更正：${"应为 ".repeat(80_000)}。请按更正后的内容重新回答。`]) {
    const started = performance.now();
    assert.deepEqual(changesIn(text), []);
    assert.ok(performance.now() - started < 1000);
  }
});

test("while a picture waits for the reader, the wait is the reader's", () => {
  const phase = (turn, hasFiles) => phaseOf({ text: "", ...turn }, { sightdesk: { queue: { position: 3 } } }, hasFiles);
  assert.deepEqual(phase({}, true), { key: "queuedReading", values: { ahead: 3 } });
  assert.deepEqual(phase({ reading: [] }, true), { key: "queued", values: { position: 3 } });
  assert.deepEqual(phase({}, false), { key: "queued", values: { position: 3 } });
  assert.equal(translator("zh-CN")("queuedReading", { ahead: 3 }), "正在读取图片，前面还有 3 个");
});

test("a picture that was read in part says so after a reload, too", () => {
  const turn = { role: "assistant", text: "" };
  apply(turn, { sightdesk: { reading: [{ image: "file-1", width: 1, height: 1, partial: true, fields: [] }] } });
  assert.equal(readingsFor(turn, { files: [{ id: "file-1" }] })[0].partial, true);
});
