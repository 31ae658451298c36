import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { EventParser } from "../../frontend/assets/js/lib/sse.js";
import { mask } from "../../frontend/assets/js/lib/mask.js";
import { LOCALES, TEXTS, chooseLocale, readableSize, translator } from "../../frontend/assets/js/lib/texts.js";
import { wordsOf } from "../../frontend/assets/js/render/mark.js";

const bytes = (text) => new TextEncoder().encode(text);

test("events come out whole however the bytes are cut", () => {
  const all = bytes('data: {"a":"退货"}\n\n: comment\n\ndata: two\r\n\r\ndata: [DONE]\n\n');
  const parser = new EventParser();
  const events = [];
  for (const byte of all) events.push(...parser.push(Uint8Array.of(byte)));
  assert.deepEqual(events, ['{"a":"退货"}', "two", "[DONE]"]);
});

test("a line separator inside the text does not end a line", () => {
  assert.deepEqual(new EventParser().push(bytes("data: a\u2028b\n\n")), ["a\u2028b"]);
});

test("every word of the page is there in every language", () => {
  for (const locale of LOCALES) assert.deepEqual(Object.keys(TEXTS[locale]).sort(), Object.keys(TEXTS.en).sort());
});

test("a language is chosen by the browser and values are put in", () => {
  assert.equal(chooseLocale(["zh-TW", "en"]), "zh-CN");
  assert.equal(chooseLocale(["de", "en"]), "en");
  assert.equal(chooseLocale(["en-US", "en", "zh-CN"]), "en"); // the first that the page speaks
  assert.equal(chooseLocale(["fr", "zh-HK", "en"]), "zh-CN");
  assert.equal(chooseLocale(["fr", "eng-x", undefined]), "zh-CN");
  assert.equal(chooseLocale([]), "zh-CN");
  assert.equal(translator("en")("tooMany", { count: 8, size: 12 }), "Up to 8 pictures at once; you added 12");
});

test("what the gateway masks the browser masks alike, and what it leaves alone stays", () => {
  const cases = JSON.parse(readFileSync(new URL("../data/redaction_cases.json", import.meta.url), "utf8"));
  for (const [text, stored] of cases) assert.equal(mask(text), stored, text);
  assert.ok(cases.length > 40);
});

test("sizes are readable", () => {
  assert.deepEqual([12, 2048, 20 * 1024 * 1024].map(readableSize), ["12 B", "2 KB", "20.0 MB"]);
});

test("a language is changed without a reload, and who follows is told", () => {
  const text = translator("en");
  const told = [];
  text.follow(() => told.push(text("send")));
  text.use("zh-CN");
  assert.deepEqual(told, ["发送"]);
});

/** The page's own modules by their path under assets/js, as text. */
const root = new URL("../../frontend/assets/js/", import.meta.url);
const modules = Object.fromEntries(
  readdirSync(root, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, readFileSync(new URL(name, root), "utf8")]),
);
const page = readFileSync(new URL("../../chat.html", root), "utf8");

test("no word is kept that nothing says", () => {
  const all = page + Object.entries(modules).filter(([name]) => name !== "lib/texts.js").map(([, source]) => source).join("\n");
  const said = (key) => all.includes(`"${key}"`) || /^(error|engine|field)_/.test(key);
  assert.deepEqual(Object.keys(TEXTS.en).filter((key) => !said(key)), []);
});

const importsOf = (name) => [...modules[name].matchAll(/^import [^;]*?"(\.[^"]+)";/gm)].map(([, target]) => new URL(target, new URL(name, root)).href.replace(root.href, ""));
const LAYERS = ["lib", "api", "models", "render", "state", "ui"];
const MAY_IMPORT = { lib: ["lib"], api: ["lib"], models: ["lib"], render: ["lib", "render", "vendor"], state: ["lib", "models", "state"], ui: ["lib", "models", "render", "state", "ui"] };

test("what every question has is not marked in a clause", () => {
  assert.deepEqual(wordsOf("What error is this, and how do I fix PAY-4031? 退货"), ["error", "fix", "PAY-4031", "退货"]);
});

test("a module imports its own layer and those below it", () => {
  for (const name of Object.keys(modules)) {
    const layer = name.split("/")[0];
    if (!LAYERS.includes(layer)) continue;
    for (const target of importsOf(name)) {
      const other = target.includes("/vendor/") ? "vendor" : target.split("/")[0];
      assert.ok(MAY_IMPORT[layer].includes(other), `${name} imports ${target}`);
    }
  }
});

test("nothing but the user interface and the renderer touches the document", () => {
  for (const [name, source] of Object.entries(modules)) {
    if (/^(lib|api|models|state)\//.test(name)) assert.doesNotMatch(source, /\bdocument\.|innerHTML/, name);
    assert.doesNotMatch(source, /innerHTML|insertAdjacentHTML|outerHTML|document\.write/, name);
  }
});

test("the page preloads every module of its first sight, and no other", () => {
  const first = new Set();
  const follow = (name) => importsOf(name).forEach((target) => !first.has(target) && (first.add(target), follow(target)));
  follow("main.js");
  const preloaded = [...page.matchAll(/rel="modulepreload" href="\/assets\/js\/([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(preloaded.sort(), [...first].sort());
});
