// A failure in the user's words, with the bound that was crossed; how far the engine's start is.
import { TEXTS, readableSize } from "../lib/texts.js";

const STARTING = new Set(["downloading", "starting", "loading", "compiling", "warming", "failed"]);

// What the gateway's message says beyond the code: which bound was crossed, and by how much.
const DETAILS = [
  ["image_too_large", /has (?<bytes>\d+) bytes/, "error_image_bytes"],
  ["image_too_large", /is (?<width>\d+)×(?<height>\d+); no side/, "error_image_side"],
  ["image_too_large", /is (?<width>\d+)×(?<height>\d+),/, "error_image_pixels"],
  ["pdf_too_large", /has (?<pages>\d+) pages/, "error_pdf_pages"],
  ["invalid_image", /protected by a password/, "error_pdf_password"],
  ["invalid_image", /send pictures/, "error_pdf_unreadable"],
  ["upstream_unavailable", /could not be kept/, "error_not_kept"],
  ["upstream_unavailable", /store of conversations/, "error_no_store"],
];

export function wordsFor(error, text, limits) {
  // A model that is still loading is no outage: its progress says more than "away".
  if (STARTING.has(error.engine?.phase)) return wordsForEngine({ ...error.engine, fallback: false }, text);
  for (const [code, form, key] of DETAILS) {
    const found = limits && error.code === code && form.exec(error.message);
    if (found) return text(key, { ...boundsOf(limits), ...measured(found.groups ?? {}) });
  }
  const key = `error_${error.code}`;
  return text(key in TEXTS.en ? key : "error_other", { ...(limits && boundsOf(limits)), message: error.message });
}

const boundsOf = (limits) => ({
  count: limits.max_images,
  size: readableSize(limits.image_max_bytes),
  most: megapixels(limits.image_max_pixels),
  longest: limits.image_longest_side,
  max: limits.pdf_max_pages,
});

const measured = ({ bytes, width, height, pages }) => ({ bytes: readableSize(Number(bytes)), width, height, pixels: megapixels(width * height), pages });
const megapixels = (pixels) => Math.round(pixels / 1e6);

/** Empty once the engine answers. */
export function wordsForEngine(state, text) {
  if (state.ready) return "";
  if (!STARTING.has(state.phase)) return text(state.fallback ? "degraded" : "engine_unavailable");
  const percent = state.percent === null ? "" : ` ${state.percent} %`;
  return text(`engine_${state.phase}`) + percent + (state.fallback ? text("engine_meanwhile") : "");
}
