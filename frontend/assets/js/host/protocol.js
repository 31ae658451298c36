// The protocol between this page and the page that frames it: docs/embedding.md. No DOM here.
import { dataUrlOf } from "../lib/picture-file.js";

export const SOURCE = "sightdesk";
export const VERSION = 1;

const MAX_ID = 128;
const MAX_TEXT = 32_000;
const MAX_REASON = 200;
const MAX_MESSAGES = 200; // as many as the gateway takes
const MAX_IMAGES = 16; // the gateway refuses what is above its own MAX_IMAGES

const isText = (value, max = MAX_TEXT) => typeof value === "string" && value.length <= max;
const isSome = (value, max) => isText(value, max) && value.trim() !== "";
const optional = (value, check) => value === undefined || value === null || check(value);
const isList = (value, check, max) =>
  Array.isArray(value) && value.length <= max && value.every(check);
const isData = (value) =>
  value instanceof Blob || (typeof value === "string" && dataUrlOf(value) !== null);
const isImage = (value) =>
  isData(value) || (isData(value?.data) && optional(value.name, (name) => isText(name, 255)));
const areImages = (value) => optional(value, (images) => isList(images, isImage, MAX_IMAGES));
const isLocale = (value) => isSome(value, 35); // RFC 5646, 4.4.1: no tag in use is longer
const isTheme = (value) => ["light", "dark", "auto"].includes(value);
const isMessage = (value) =>
  ["user", "assistant"].includes(value?.role) &&
  optional(value.text, isText) &&
  areImages(value.images);

/** The host's requests, each with the check of its payload. */
export const REQUESTS = {
  init: ({ token, locale, theme }) =>
    isSome(token, 4096) && optional(locale, isLocale) && optional(theme, isTheme),
  "set-user": ({ name, avatar }) =>
    isText(name, 128) && optional(avatar, (value) => value === "" || isData(value)),
  "set-context": ({ messages }) => isList(messages, isMessage, MAX_MESSAGES),
  "set-locale": ({ locale }) => isLocale(locale),
  "set-theme": ({ theme }) => isTheme(theme),
  prefill: ({ text }) => isText(text),
  ask: ({ text, images }) =>
    optional(text, isText) && areImages(images) && (isSome(text) || Boolean(images?.length)),
  "attach-image": ({ name, data }) => optional(name, (value) => isText(value, 255)) && isData(data),
  "new-conversation": () => true,
  "open-menu": () => true,
  "open-conversation": ({ id }) => isSome(id, MAX_ID),
};

export function envelope(type, payload = {}, requestId = null) {
  return { source: SOURCE, version: VERSION, type, requestId, payload };
}

/**
 * {type, requestId, payload, refusal} of a message, or null where it is not of this protocol.
 * `refusal`: the reason of a nack ("unsupported_version", "unknown_type", "invalid_payload"), or
 * null.
 */
export function readRequest(data) {
  if (typeof data !== "object" || data === null || data.source !== SOURCE) return null;
  const { type, version } = data;
  if (type === "ack" || type === "nack") return null; // answers get no answer
  const requestId = ["string", "number"].includes(typeof data.requestId) ? data.requestId : null;
  const payload = typeof data.payload === "object" && data.payload !== null ? data.payload : {};
  let refusal = null;
  if (version !== VERSION) refusal = "unsupported_version";
  else if (!Object.hasOwn(REQUESTS, type)) refusal = "unknown_type";
  else if (!REQUESTS[type](payload)) refusal = "invalid_payload";
  return { type, requestId, payload, refusal };
}

/** {requestId, reason} of a nack to one of our events, else null. */
export function readRefusal(data) {
  if (data?.source !== SOURCE || data.version !== VERSION || data.type !== "nack") return null;
  const { reason } = data.payload ?? {};
  return { requestId: data.requestId, reason: isText(reason) ? reason.slice(0, MAX_REASON) : "" };
}

/**
 * {user, origin} that a token claims, or null. `user` includes the key's name, as the gateway's
 * owners do. Not to be believed until the gateway has accepted the token.
 */
export function claimsOf(token) {
  try {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    const { iss, sub, origin } = JSON.parse(new TextDecoder().decode(bytes));
    const isClaim = [iss, sub, origin].every((claim) => typeof claim === "string");
    return isClaim ? { user: `${iss}:${sub}`, origin: new URL(origin).origin } : null;
  } catch {
    return null;
  }
}
