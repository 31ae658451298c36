import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LOCALES,
  TEXTS,
  chooseLocale,
  readableSize,
  translator,
} from "../../../frontend/assets/js/lib/texts.js";
import { actionTexts } from "../../../frontend/assets/js/lib/texts/actions.js";
import { handoffTexts } from "../../../frontend/assets/js/lib/texts/handoffs.js";

test("every text exists in every language, and once", () => {
  for (const texts of [TEXTS, actionTexts, handoffTexts])
    for (const locale of LOCALES)
      assert.deepEqual(Object.keys(texts[locale]).sort(), Object.keys(texts.en).sort());
  assert.deepEqual(
    Object.keys(actionTexts.en).filter((key) => Object.hasOwn(TEXTS.en, key)),
    [],
  );
});

test("texts of a server are chosen by locale, else by language, else the first", () => {
  const text = translator("zh-CN");
  assert.equal(text.of({ en: "a", zh: "b" }), "b");
  assert.equal(text.of({ en: "a", "zh-CN": "c", zh: "b" }), "c");
  assert.equal(text.of({ en: "a" }), "a");
  assert.equal(text.of(undefined), "");
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

test("a touch screen gets its own words where there are some", () => {
  const text = translator("en", { isTouch: true });
  assert.match(text("placeholder"), /add a screenshot/);
  assert.match(translator("en")("placeholder"), /paste/);
  assert.equal(text("send"), "Send");
});
