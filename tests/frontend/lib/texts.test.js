import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LOCALES,
  TEXTS,
  chooseLocale,
  readableSize,
  translator,
} from "../../../frontend/assets/js/lib/texts.js";

test("every text exists in every language", () => {
  for (const locale of LOCALES)
    assert.deepEqual(Object.keys(TEXTS[locale]).sort(), Object.keys(TEXTS.en).sort());
});

test("a language is chosen by the browser and values are put in", () => {
  assert.equal(chooseLocale(["zh-TW", "en"]), "zh-CN");
  assert.equal(chooseLocale(["de", "en"]), "en");
  assert.equal(chooseLocale(["en-US", "en", "zh-CN"]), "en"); // the first that the page speaks
  assert.equal(chooseLocale(["fr", "zh-HK", "en"]), "zh-CN");
  assert.equal(chooseLocale(["fr", "eng-x", undefined]), "zh-CN");
  assert.equal(chooseLocale([]), "zh-CN");
  assert.equal(
    translator("en")("tooMany", { count: 8, size: 12 }),
    "Up to 8 pictures at once; you added 12",
  );
});

test("sizes are readable", () => {
  assert.deepEqual([12, 2048, 20 * 1024 * 1024].map(readableSize), ["12 B", "2 KB", "20.0 MB"]);
});

test("a change of language calls the followers", () => {
  const text = translator("en");
  const told = [];
  text.follow(() => told.push(text("send")));
  text.use("zh-CN");
  assert.deepEqual(told, ["发送"]);
});
