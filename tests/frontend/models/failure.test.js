import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../frontend/assets/js/api/client.js";
import { errorMessage, engineMessage } from "../../../frontend/assets/js/models/failure.js";
import { translator } from "../../../frontend/assets/js/lib/texts.js";

const LIMITS = {
  max_images: 8,
  image_max_bytes: 20 * 1024 ** 2,
  image_max_pixels: 50e6,
  image_longest_side: 30_000,
  pdf_max_pages: 8,
};

test("an error's text comes from its code and details, never from its message", () => {
  const said = (locale, code, details = {}, more = {}) =>
    errorMessage(
      new ApiError(code, "has 9 pages", { details, ...more }),
      translator(locale),
      LIMITS,
    );
  const english = (...given) => said("en", ...given);
  assert.equal(english("image_too_large"), "The picture is too large. The limit is 20.0 MB each.");
  assert.equal(
    english("image_too_large", { name: "IMAGE_MAX_BYTES", size: 31457280, limit: 10485760 }),
    "The picture is too large: 30.0 MB. The limit is 10.0 MB each.",
  );
  assert.equal(
    english("image_too_large", { name: "side", size: 40_000, limit: 30_000 }),
    "The picture is too long: its longer side has 40000 pixels. The limit is 30000.",
  );
  assert.equal(
    english("image_too_large", { name: "IMAGE_MAX_PIXELS", size: 81e6, limit: 50e6 }),
    "The picture is too large: about 81 megapixels. The limit is 50.",
  );
  assert.equal(english("pdf_too_large"), "The PDF has too many pages. The limit is 8.");
  assert.equal(
    english("pdf_too_large", { name: "PDF_MAX_PAGES", size: 9, limit: 8 }),
    "The PDF has too many pages: 9. The limit is 8.",
  );
  assert.equal(
    english("pdf_too_large", { name: "IMAGE_MAX_BYTES", size: 31457280, limit: 20971520 }),
    "The PDF is too large: 30.0 MB. The limit is 20.0 MB.",
  );
  assert.match(english("invalid_image", { name: "password" }), /password/);
  assert.equal(
    english("invalid_image", { size: 0 }, { part: "files" }),
    "The file is empty. Choose another one.",
  );
  assert.equal(
    said("zh-CN", "too_many_images", { size: 12, limit: 8 }),
    "图片太多：一次最多 8 张，您添加了 12 张。",
  );
  assert.equal(said("zh-CN", "too_many_images"), "图片太多：一次最多 8 张。");
  assert.match(english("context_length_exceeded", { tokens_over: 1200 }), /by about 1200 tokens/);
  assert.match(
    english("context_length_exceeded", { size: 300_000, limit: 262_144 }),
    /300000 characters. The limit is 262144/,
  );
  assert.match(
    english("body_too_large", { size: 80 * 1024 ** 2, limit: 64 * 1024 ** 2 }),
    /80.0 MB. The limit is 64.0 MB/,
  );
});

test("the route or the details say what is unavailable", () => {
  const said = (more) =>
    errorMessage(new ApiError("upstream_unavailable", "m", more), translator("en"), LIMITS);
  assert.match(said({ part: "files" }), /cannot store files/);
  assert.match(said({ part: "conversations" }), /database is not responding/);
  assert.match(
    said({ part: "chat", details: { name: "conversations" } }),
    /database is not responding/,
  );
  assert.match(said({ part: "chat" }), /AI engine is unavailable/);
});

test("an unknown code has a general text with the request's number", () => {
  for (const code of ["strange", "toString", "__proto__", undefined]) {
    const words = (locale) =>
      errorMessage(new ApiError(code, "why", { request: "req-7" }), translator(locale), LIMITS);
    assert.equal(words("en"), "Something went wrong. Please try again later. (number req-7)");
    assert.equal(words("zh-CN"), "出错了，请稍后重试。（编号 req-7）");
  }
});

test("an engine that is loading is no outage: its progress is shown", () => {
  const error = Object.assign(new ApiError("upstream_unavailable", "m"), {
    engine: { ready: false, phase: "loading", percent: 62, fallback: false },
  });
  assert.equal(errorMessage(error, translator("zh-CN")), "智能引擎正在加载模型 62 %");
});

const text = translator("en");

test("an engine's start is shown with its percentage and with who answers until then", () => {
  const words = engineMessage(
    { ready: false, phase: "loading", percent: 62, fallback: true },
    text,
  );
  assert.equal(
    words,
    "The AI engine is loading its model 62 %; " +
      "until then the built-in engine answers from the knowledge base.",
  );
});

test("an engine that is ready has no text, and one that is gone is called unavailable", () => {
  assert.equal(
    engineMessage({ ready: true, phase: "ready", percent: null, fallback: true }, text),
    "",
  );
  assert.equal(
    engineMessage({ ready: false, phase: "fallback", percent: null, fallback: true }, text),
    text("degraded"),
  );
  assert.equal(
    engineMessage({ ready: false, phase: "unavailable", percent: null, fallback: false }, text),
    text("engine_unavailable"),
  );
});
