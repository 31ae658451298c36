// A failure in the user's words, by its code and details alone; how far the engine's start is.
import { TEXTS, readableSize } from "../lib/texts.js";

const STARTING = new Set(["downloading", "starting", "loading", "compiling", "warming", "failed"]);

// Which bound was crossed: `details.name`, where a code has several.
const BOUNDS = {
  image_too_large: { IMAGE_MAX_BYTES: "error_image_bytes", IMAGE_MAX_PIXELS: "error_image_pixels", side: "error_image_side" },
  pdf_too_large: { IMAGE_MAX_BYTES: "error_pdf_bytes", PDF_MAX_PAGES: "error_pdf_pages" },
  invalid_image: { password: "error_pdf_password", seconds: "error_image_complex", memory_bytes: "error_image_complex" },
  upstream_unavailable: { files: "error_not_kept", conversations: "error_no_store" },
};
// The words for a code whose details have the numbers.
const MEASURED = { too_many_images: "error_too_many_of", context_length_exceeded: "error_text_too_long", body_too_large: "error_body_bytes" };
// What refused, by the route: engines answer questions; everything else is kept on disk or in the database.
const STORES = { files: "error_not_kept", conversations: "error_no_store", feedback: "error_no_store", handoff: "error_no_store" };
// How an error's `limit` and `size` are written, where they are no plain numbers.
const megapixels = (pixels) => Math.round(pixels / 1e6);
const WRITTEN = { error_image_bytes: readableSize, error_pdf_bytes: readableSize, error_body_bytes: readableSize, error_image_pixels: megapixels };
// The administrator has to look these up.
const FOR_THE_LOG = new Set(["error_other", "error_internal_error", "error_invalid_request"]);

const isNumber = (value) => Number.isFinite(value);

/** `limits`: the desk's, for what an error does not tell itself. `file`: the type of the file that was refused. */
export function wordsFor(error, text, limits, file) {
  // A model that is still loading is no outage: its progress says more than "unavailable".
  if (STARTING.has(error.engine?.phase)) return wordsForEngine({ ...error.engine, fallback: false }, text);
  const { limit, size, tokens_over: over } = error.details ?? {};
  const key = keyFor(error, file);
  const write = WRITTEN[key] ?? String;
  const values = { ...(limits && boundsOf(limits)), ...(isNumber(limit) && { limit: write(limit) }), ...(isNumber(size) && { size: write(size) }), over };
  const number = FOR_THE_LOG.has(key) && error.request ? text("error_number", { request: error.request }) : "";
  return text(key, values) + number;
}

function keyFor({ code, details = {}, part }, file) {
  const { name, limit, size, tokens_over: over } = details;
  const bounds = Object.hasOwn(BOUNDS, code) ? BOUNDS[code] : {};
  if (Object.hasOwn(bounds, name)) return bounds[name];
  if (code === "upstream_unavailable" && Object.hasOwn(STORES, part)) return STORES[part];
  if (size === 0 && part === "files") return "error_file_empty";
  if (code === "context_length_exceeded" && isNumber(over)) return "error_tokens_over";
  if (Object.hasOwn(MEASURED, code) && isNumber(limit) && isNumber(size)) return MEASURED[code];
  if (code === "invalid_image" && file === "application/pdf") return "error_pdf_unreadable";
  return Object.hasOwn(TEXTS.en, `error_${code}`) ? `error_${code}` : "error_other";
}

const boundsOf = (limits) => ({ count: limits.max_images, limit: readableSize(limits.image_max_bytes), max: limits.pdf_max_pages });

/** Empty once the engine answers. */
export function wordsForEngine(state, text) {
  if (state.ready) return "";
  if (!STARTING.has(state.phase)) return text(state.fallback ? "degraded" : "engine_unavailable");
  const percent = state.percent === null ? "" : ` ${state.percent} %`;
  return text(`engine_${state.phase}`) + percent + (state.fallback ? text("engine_meanwhile") : "");
}
