// A failure in the user's words, with the bound that was crossed; how far the engine's start is.
import { TEXTS, readableSize } from "../lib/texts.js";

const STARTING = new Set(["downloading", "starting", "loading", "compiling", "warming", "failed"]);

export function wordsFor(error, text, limits) {
  // A model that is still loading is no outage: its progress says more than "away".
  if (STARTING.has(error.engine?.phase)) return wordsForEngine({ ...error.engine, fallback: false }, text);
  const key = `error_${error.code}`;
  const values = { count: limits?.max_images, size: limits && readableSize(limits.image_max_bytes), pages: limits?.pdf_max_pages, message: error.message };
  return text(key in TEXTS.en ? key : "error_other", values);
}

/** Empty once the engine answers. */
export function wordsForEngine(state, text) {
  if (state.ready) return "";
  if (!STARTING.has(state.phase)) return text(state.fallback ? "degraded" : "engine_unavailable");
  const percent = state.percent === null ? "" : ` ${state.percent} %`;
  return text(`engine_${state.phase}`) + percent + (state.fallback ? text("engine_meanwhile") : "");
}
