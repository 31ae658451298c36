// Texts for failures, by their code and details alone, and for the engine's start.
import { TEXTS, readableSize } from "../lib/texts.js";

/** Codes of failures that the same request may get past a little later. */
export const RETRYABLE = new Set([
  "network",
  "rate_limit_exceeded",
  "request_timeout",
  "upstream_unavailable",
  "upstream_timeout",
  "upstream_error",
]);

const STARTING = new Set(["downloading", "starting", "loading", "compiling", "warming", "failed"]);
const MAY_BE_STARTING = new Set(["upstream_unavailable", "queue_full"]);

// Codes that stand for several bounds: `details.name` says which was crossed.
const BY_BOUND = {
  image_too_large: {
    IMAGE_MAX_BYTES: "error_image_bytes",
    IMAGE_MAX_PIXELS: "error_image_pixels",
    side: "error_image_side",
  },
  pdf_too_large: { IMAGE_MAX_BYTES: "error_pdf_bytes", PDF_MAX_PAGES: "error_pdf_pages" },
  invalid_image: {
    password: "error_pdf_password",
    seconds: "error_image_complex",
    memory_bytes: "error_image_complex",
  },
  upstream_unavailable: { files: "error_not_kept", conversations: "error_no_store" },
};
// Texts with numbers, for codes whose details have `limit` and `size`.
const WITH_NUMBERS = {
  too_many_images: "error_too_many_of",
  context_length_exceeded: "error_text_too_long",
  body_too_large: "error_body_bytes",
};
// What is unavailable, by route: the engine answers questions; disk and database keep the rest.
const BY_ROUTE = {
  files: "error_not_kept",
  conversations: "error_no_store",
  feedback: "error_no_store",
  handoff: "error_no_store",
  actions: "error_no_store",
};
// How `limit` and `size` are written where they are not plain numbers.
const UNITS = {
  error_image_bytes: readableSize,
  error_pdf_bytes: readableSize,
  error_body_bytes: readableSize,
  error_image_pixels: (pixels) => Math.round(pixels / 1e6),
};
// Texts that end with the request's number, by which the administrator finds it in the log.
const WITH_REQUEST = new Set(["error_other", "error_internal_error", "error_invalid_request"]);

const isNumber = (value) => Number.isFinite(value);

/**
 * The text for an error or for a stored failure (`failureOf`). `limits`: the gateway's, for what
 * the details leave out. `fileType`: of the file that was refused.
 */
export function errorMessage(error, text, limits, fileType) {
  // While a model is loading, its progress says more than "unavailable".
  if (STARTING.has(error.engine?.phase)) {
    return engineMessage({ ...error.engine, fallback: false }, text);
  }
  const { limit, size, tokens_over: over } = error.details ?? {};
  const key = keyFor(error, fileType);
  const write = UNITS[key] ?? String;
  const values = {
    ...(limits && boundsOf(limits)),
    ...(isNumber(limit) && { limit: write(limit) }),
    ...(isNumber(size) && { size: write(size) }),
    over,
  };
  const hasNumber = WITH_REQUEST.has(key) && error.request;
  return text(key, values) + (hasNumber ? text("error_number", { request: error.request }) : "");
}

function keyFor({ code, details = {}, part }, fileType) {
  const { name, limit, size, tokens_over: over } = details;
  const bounds = Object.hasOwn(BY_BOUND, code) ? BY_BOUND[code] : {};
  if (Object.hasOwn(bounds, name)) return bounds[name];
  if (code === "upstream_unavailable" && Object.hasOwn(BY_ROUTE, part)) return BY_ROUTE[part];
  if (size === 0 && part === "files") return "error_file_empty";
  if (code === "context_length_exceeded" && isNumber(over)) return "error_tokens_over";
  const hasNumbers = isNumber(limit) && isNumber(size);
  if (hasNumbers && Object.hasOwn(WITH_NUMBERS, code)) return WITH_NUMBERS[code];
  if (code === "invalid_image" && fileType === "application/pdf") return "error_pdf_unreadable";
  return Object.hasOwn(TEXTS.en, `error_${code}`) ? `error_${code}` : "error_other";
}

function boundsOf({ max_images: count, image_max_bytes: bytes, pdf_max_pages: max }) {
  return { count, limit: readableSize(bytes), max };
}

/**
 * What a turn keeps of an error: {code, details, request, until, engine}. `until`: the moment (ms
 * since 1970) from which the question may be asked again; a moment outlives a reload.
 */
export function failureOf({ code, details = {}, request = "", retryAfter, engine }) {
  const until = retryAfter && Date.now() + 1000 * retryAfter;
  const more = { ...(until && { until }), ...(engine && { engine }) };
  return { code: code ?? "other", details, request, ...more };
}

/** Adds the engine's state to an error that an engine's start may have caused. */
export async function withEngineState(error, api) {
  if (!MAY_BE_STARTING.has(error.code)) return error;
  const config = await api.config().catch(() => null);
  if (config && !config.engine_state.ready) error.engine = config.engine_state;
  return error;
}

/** The text for the engine's state; "" once it is ready. */
export function engineMessage(state, text) {
  if (state.ready) return "";
  if (!STARTING.has(state.phase)) return text(state.fallback ? "degraded" : "engine_unavailable");
  const percent = state.percent === null ? "" : ` ${state.percent} %`;
  const meanwhile = state.fallback ? text("engine_meanwhile") : "";
  return text(`engine_${state.phase}`) + percent + meanwhile;
}
