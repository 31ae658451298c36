// A conversation as the page keeps it: turns with text and file ids, never pictures themselves.
import { TEXTS } from "../lib/texts.js";

export const MAX_MESSAGES = 60;
export const KEPT_HERE = "sightdesk.conversations"; // where the browser keeps them itself

// Over plain HTTP in a LAN there is no crypto.randomUUID.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function newConversation() {
  return { id: `conversation-${newId()}`, title: "", turns: [] };
}

export const newTurn = (role, text, more = {}) => ({ id: newId(), role, text, ...more });

const LISTS = ["files", "citations", "reading", "fields"];
const TEXTUAL = ["id", "text"];

/** Whether these are turns as the page keeps them: a storage may hold anything. */
export function areTurns(turns) {
  return Array.isArray(turns) && turns.every(isTurn);
}

function isTurn(turn) {
  if (!["user", "assistant"].includes(turn?.role) || !TEXTUAL.every((name) => typeof turn[name] === "string")) return false;
  const isList = (name) => turn[name] === undefined || (Array.isArray(turn[name]) && turn[name].every((one) => typeof one === "object" && one !== null));
  return LISTS.every(isList) && (turn.reading ?? []).every(({ fields }) => Array.isArray(fields)) && (turn.failure === undefined || typeof turn.failure?.code === "string");
}

/** What tells two turns apart, whether the gateway or this page made them. */
export const keyOf = (turn) => turn.stored ?? turn.answer ?? turn.id;

/**
 * What the gateway is asked: the newest MAX_MESSAGES turns, and no more of them than have `maxText` characters, which is
 * what the gateway takes in one request.
 */
export function toMessages(turns, maxText = Infinity) {
  const kept = turns.filter((turn) => turn.role === "user" || turn.text).slice(-MAX_MESSAGES);
  let size = kept.reduce((sum, { text }) => sum + text.length, 0);
  while (kept[0]?.role === "assistant" || (kept.length > 1 && size > maxText)) size -= kept.shift().text.length;
  return kept.map(toMessage);
}

function toMessage(turn) {
  if (!turn.files?.length) return { role: turn.role, content: turn.text };
  const files = turn.files.map((file) => ({ type: "file", file: { file_id: file.id } }));
  return { role: turn.role, content: [...(turn.text ? [{ type: "text", text: turn.text }] : []), ...files] };
}

/** One event of the stream, put into the answer's turn; `question` is the user's turn before it. */
export function apply(turn, event, question) {
  const delta = event.choices?.[0]?.delta?.content;
  if (delta) turn.text += delta;
  const extras = event.sightdesk;
  if (!extras) return;
  if (extras.answer) turn.answer = extras.answer.id;
  if (extras.conversation?.turn && question) question.stored = extras.conversation.turn;
  if (extras.citations) turn.citations = extras.citations;
  if (extras.reading) takeReading(turn, extras.reading);
  if (extras.degraded) turn.degraded = true;
}

/** Fields and their places are kept; the lines of a picture are the reader's affair. */
function takeReading(turn, readings) {
  turn.reading = readings.map(({ image, width, height, page, partial, fields }) => ({ image, width, height, ...(page && { page }), ...(partial && { partial: true }), fields: fields ?? [] }));
  turn.fields = turn.reading.flatMap((reading) => reading.fields);
}

/** Readings of the pictures that came with this question: earlier ones were shown with theirs. */
export function readingsFor(turn, question) {
  const asked = new Set(question?.files?.map((file) => file.id));
  return (turn.reading ?? []).filter((reading) => asked.has(reading.image));
}

/** What is happening, as words to show; `hasFiles` while pictures came with the question. */
export function phaseOf(turn, event, hasFiles) {
  if (turn.text) return { key: "writing" };
  const extras = event?.sightdesk;
  const position = extras?.queue?.position;
  // Pictures wait for the reader before anything waits for the engine.
  if (position > 0 && hasFiles && !turn.reading) return { key: "queuedReading", values: { ahead: position } };
  if (position > 0) return { key: "queued", values: { position } };
  if (extras?.tool && !["done", "failed"].includes(extras.tool.status)) return { key: /logistic|waybill|track|物流/i.test(extras.tool.name) ? "tool_logistics" : "tool" };
  if (turn.citations) return { key: "thinking" };
  return { key: hasFiles && !turn.reading ? "reading" : "clauses" };
}

/** The question that a correction asks: `changes` are {name, value, old} in words of `text`. */
export function correctionOf(changes, text) {
  const items = changes.map(({ name, value, old }) => text("correctionItem", { name: text(`field_${name}`), value, old }));
  return text("correction", { changes: items.join(text.locale === "en" ? "; " : "；") });
}

/** The same changes out of a question's words, whichever language they were asked in: they outlast a reload, as the question does. */
export function changesIn(question) {
  return Object.values(TEXTS).flatMap((words) => {
    const [before, after] = words.correction.split("{changes}");
    if (!question.startsWith(before) || !question.endsWith(after)) return [];
    return itemsIn(question.slice(before.length, question.length - after.length), words);
  });
}

/** The items of a list of corrections, read from left to right by the fixed words between their values. */
function itemsIn(list, words) {
  const [, afterName, afterValue, afterOld] = words.correctionItem.split(/\{\w+\}/);
  const items = [];
  for (let at = 0; at < list.length; ) {
    const name = list.indexOf(afterName, at);
    const value = name < 0 ? -1 : list.indexOf(afterValue, name + afterName.length);
    const old = value < 0 ? -1 : list.indexOf(afterOld, value + afterValue.length);
    if (old < 0) break;
    const label = list.slice(at, name).replace(/^[;；] ?/, "");
    items.push({ name: fieldCalled(label, words), value: list.slice(name + afterName.length, value), old: list.slice(value + afterValue.length, old) });
    at = old + afterOld.length;
  }
  return items;
}

const fieldCalled = (label, words) => Object.keys(words).find((key) => key.startsWith("field_") && words[key] === label)?.slice("field_".length) ?? label;

/** An answer's fields, with what the person put right in the place of what was read. */
export function correctedFields(turn, turns) {
  const changes = turns.filter(({ role }) => role === "user").flatMap(({ text }) => changesIn(text));
  return (turn.fields ?? []).map((field) => {
    const change = changes.findLast(({ name, old }) => name === field.name && old === field.value);
    return change ? { ...field, value: change.value, confidence: 1, valid: null } : field; // a person's word has no check digit
  });
}

/** A conversation as the gateway keeps it, in the page's own form. */
export function fromServer({ id, title, messages }) {
  return { id, title, turns: messages.map(turnFromServer) };
}

function turnFromServer({ id, role, text, files, citations, reading, degraded, state, rating, reason }) {
  if (role === "user") return { id, stored: id, role, text, files: (files ?? []).map(fileFromServer) };
  const turn = { id, answer: id, role, text, citations: citations ?? [], degraded, rating, reason };
  if (reading?.length) takeReading(turn, reading);
  if (state === "failed") turn.failure = { code: "cut", message: "" };
  if (state === "stopped") turn.stopped = true;
  if (state === "writing") turn.writing = true;
  return turn;
}

export const fileFromServer = ({ id, filename, content_type, bytes, pages }) => ({ id, name: filename, type: content_type, size: bytes, pages });

/** Two tabs' versions of one conversation: what either knows stays, in the order it was said, but what was removed. */
export function merged(mine, theirs, removed = new Set()) {
  const known = new Set(mine.map((turn) => turn.id));
  const missing = theirs.filter((turn) => !known.has(turn.id));
  return [...mine, ...missing].filter((turn) => !removed.has(turn.id)).sort((one, other) => (one.at ?? 0) - (other.at ?? 0));
}
