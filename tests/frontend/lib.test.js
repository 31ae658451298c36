import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EventParser } from "../../frontend/assets/js/lib/sse.js";
import { LOCALES, TEXTS, chooseLocale, translator } from "../../frontend/assets/js/lib/texts.js";
import { readableSize } from "../../frontend/assets/js/lib/size.js";

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
  assert.equal(translator("en")("tooMany", { count: 8 }), "At most 8 pictures at once");
});

test("sizes are readable", () => {
  assert.deepEqual([12, 2048, 20 * 1024 * 1024].map(readableSize), ["12 B", "2 KB", "20.0 MB"]);
});

test("vendored libraries are what VERSIONS says", () => {
  const folder = new URL("../../frontend/assets/vendor/", import.meta.url);
  const lines = readFileSync(new URL("VERSIONS", folder), "utf8").trim().split("\n");
  assert.ok(lines.length >= 2);
  for (const line of lines) {
    const [, version, file, digest] = line.split(" ");
    assert.ok(file.includes(version));
    assert.equal(createHash("sha256").update(readFileSync(new URL(file, folder))).digest("hex"), digest);
  }
});
