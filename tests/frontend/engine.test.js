import assert from "node:assert/strict";
import test from "node:test";
import { translator } from "../../frontend/assets/js/lib/texts.js";
import { wordsForEngine } from "../../frontend/assets/js/models/failure.js";

const text = translator("en");

test("a start is shown with its percentage, and who answers meanwhile", () => {
  const words = wordsForEngine({ ready: false, phase: "loading", percent: 62, fallback: true }, text);
  assert.equal(words, "The AI engine is loading its model 62 %; meanwhile the embedded engine answers from the knowledge base.");
});

test("an engine that answers needs no words, and one that is gone is said to be away", () => {
  assert.equal(wordsForEngine({ ready: true, phase: "ready", percent: null, fallback: true }, text), "");
  assert.equal(wordsForEngine({ ready: false, phase: "fallback", percent: null, fallback: true }, text), text("degraded"));
  assert.equal(wordsForEngine({ ready: false, phase: "unavailable", percent: null, fallback: false }, text), text("engine_unavailable"));
});
