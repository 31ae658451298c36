// A conversation as the page keeps it: turns with text and file ids, never pictures themselves.
import { TEXTS } from "../lib/texts.js";

export const MAX_MESSAGES = 60;
// The key in local storage of conversations that the server does not keep.
export const LOCAL_KEY = "sightdesk.conversations";

const LISTS = ["files", "citations", "reading", "fields", "suggestions", "tools", "actions"];
// How far an action has come. A later news of it may arrive before an earlier one.
const STEPS = { proposed: 0, confirmed: 1, running: 2, unknown: 3 };
const LAST_STEP = 4; // done, failed, cancelled, expired

/** 24 hexadecimal digits. Plain HTTP has no crypto.randomUUID. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function newConversation() {
  return { id: `conversation-${newId()}`, title: "", turns: [] };
}

export const newTurn = (role, text, more = {}) => ({ id: newId(), role, text, ...more });

/** Whether a value has the form of the page's turns: a storage may hold anything. */
export function areTurns(turns) {
  return Array.isArray(turns) && turns.every(isTurn);
}

function isTurn(turn) {
  const isObject = (one) => typeof one === "object" && one !== null;
  const isList = (list) => list === undefined || (Array.isArray(list) && list.every(isObject));
  if (!["user", "assistant", "staff"].includes(turn?.role)) return false;
  if (typeof turn.id !== "string" || typeof turn.text !== "string") return false;
  if (!LISTS.every((name) => isList(turn[name]))) return false;
  if (!(turn.reading ?? []).every(({ fields }) => Array.isArray(fields))) return false;
  return turn.failure === undefined || typeof turn.failure?.code === "string";
}

/** The question that the assistant's turn answers. A notice may stand between the two. */
export function questionOf(turns, turn) {
  return turns.slice(0, turns.indexOf(turn)).findLast(({ role }) => role === "user");
}

/** The newest turn that a person or the assistant wrote: a notice only tells of an action. */
export const lastSaid = (turns) => turns.findLast((turn) => !turn.notice);

/** Whether a turn only tells what has become of a hand-over to a person. */
export const isHandoffNotice = ({ notice }) => notice?.type === "handoff";

/** The hand-over that has not ended, as its newest notice tells it, or null. */
export function livingHandoff({ turns }) {
  const notice = turns.findLast(isHandoffNotice)?.notice;
  return notice && notice.status !== "resolved" ? notice : null;
}

/** The name of the person who answers the conversation now, or null. */
export function personIn(conversation) {
  const handoff = livingHandoff(conversation);
  return handoff?.status === "claimed" ? handoff.assignee : null;
}

/** Whether a question was written to a person: the assistant does not answer it. */
export function isToPerson(turns, question) {
  return personIn({ turns: turns.slice(0, turns.indexOf(question)) }) !== null;
}

/** Whether people were asked for, or have spoken, after `turn`: it can no longer be replaced. */
export function isBeforePeople(turns, turn) {
  const later = turns.slice(turns.indexOf(turn) + 1);
  return later.some((one) => one.role === "staff" || isHandoffNotice(one));
}

/** The same for one turn in every tab, whether the gateway or this page gave it its id. */
export const keyOf = (turn) => turn.stored ?? turn.answer ?? turn.id;

/**
 * The body of POST /api/chat. `replaces`: the stored id of the question that this one replaces.
 * `corrections`: [{image, name, value, was}], fields that the person has put right.
 */
export function toRequest({ id, turns }, maxText, { replaces, corrections } = {}) {
  const messages = toMessages(turns, maxText);
  const more = {
    ...(replaces && { metadata: { replaces } }),
    ...(corrections?.length && { corrections }),
  };
  return { model: "sightdesk", stream: true, conversation_id: id, messages, ...more };
}

/**
 * The newest MAX_MESSAGES turns as messages, fewer where their text is longer than `maxText`
 * characters: the gateway takes no more in one request.
 */
export function toMessages(turns, maxText = Infinity) {
  const kept = turns.filter((turn) => turn.role === "user" || turn.text).slice(-MAX_MESSAGES);
  let size = kept.reduce((sum, { text }) => sum + text.length, 0);
  while ((kept.length && kept[0].role !== "user") || (kept.length > 1 && size > maxText)) {
    size -= kept.shift().text.length;
  }
  return kept.map(toMessage);
}

/** What staff have written is marked by the name: the gateway tells it to the engine as such. */
function toMessage({ role, text, files = [] }) {
  if (role === "staff") return { role: "assistant", name: "staff", content: text };
  if (!files.length) return { role: role === "user" ? role : "assistant", content: text };
  const parts = files.map(({ id }) => ({ type: "file", file: { file_id: id } }));
  return { role, content: [...(text ? [{ type: "text", text }] : []), ...parts] };
}

/** Adds one event of the stream to the answer's turn. `question`: the user's turn before it. */
export function apply(turn, event, question) {
  const delta = event.choices?.[0]?.delta?.content;
  if (delta) turn.text += delta;
  const extras = event.sightdesk;
  if (!extras) return;
  if (extras.answer) turn.answer = extras.answer.id;
  if (extras.conversation?.turn && question) question.stored = extras.conversation.turn;
  if (extras.citations) turn.citations = extras.citations;
  if (extras.reading) addReadings(turn, extras.reading);
  if (extras.degraded) turn.degraded = true;
  if (extras.tool) turn.tools = withOne(turn.tools, extras.tool);
  if (extras.confirm) putAction(turn, extras.confirm.action);
  for (const name of ["suggestions", "grounding", "outcome", "offer", "handoff"]) {
    if (extras[name]) turn[name] = extras[name];
  }
  // A person took the conversation while the answer was being written.
  if (extras.handoff?.status === "claimed" && turn.text) turn.stopped = true;
}

function withOne(known, one) {
  const list = known ?? [];
  const isKnown = list.some(({ id }) => id === one.id);
  return isKnown ? list.map((other) => (other.id === one.id ? one : other)) : [...list, one];
}

const stepOf = ({ status }) => STEPS[status] ?? LAST_STEP;

/**
 * Takes what is newest of an action into its turn. Returns the action as it now stands there, or
 * null where that is no news.
 */
export function putAction(turn, news) {
  const known = turn.actions?.find(({ id }) => id === news.id);
  if (known && stepOf(news) <= stepOf(known)) return null;
  // Live events carry masked values. Only staff can have changed what was proposed.
  const shown = known && { arguments: known.arguments, before: known.before };
  const action = { ...known, ...news, ...(news.by !== "staff" && shown) };
  turn.actions = withOne(turn.actions, action);
  return action;
}

/** Keeps fields and their boxes. The text lines of a picture are not kept. */
function addReadings(turn, readings) {
  turn.reading = readings.map(({ image, width, height, page, partial, kind, legible, fields }) => {
    const more = {
      ...(page && { page }),
      ...(partial && { partial: true }),
      ...(kind && { kind }),
      ...(legible === false && { legible }),
    };
    return { image, width, height, ...more, fields: fields ?? [] };
  });
  turn.fields = turn.reading.flatMap((reading) => reading.fields);
}

/** The readings of this question's pictures. Those of earlier pictures stand with their answer. */
export function readingsFor(turn, question) {
  const asked = new Set(question?.files?.map((file) => file.id));
  return (turn.reading ?? []).filter((reading) => asked.has(reading.image));
}

/** What the answer waits for: {key, values} of a text. `hasFiles`: of the question. */
export function phaseOf(turn, event, hasFiles) {
  const running = (turn.tools ?? []).filter(({ status }) => status === "running");
  if (running.length) {
    return { key: "tool", values: { title: running.map(({ title }) => title).join(" · ") } };
  }
  if (turn.text) return { key: "writing" };
  const { queue } = event?.sightdesk ?? {};
  const isRead = !hasFiles || turn.reading;
  if (queue?.position > 0) {
    // Pictures wait to be read before anything waits for the engine.
    if (!isRead) return { key: "queuedReading", values: { ahead: queue.position } };
    return { key: "queued", values: { position: queue.position } };
  }
  if (turn.citations || turn.tools) return { key: "thinking" };
  return { key: isRead ? "clauses" : "reading" };
}

/** The question that a correction asks. `changes`: [{name, value, old}], `name` of a field. */
export function correctionQuestion(changes, text) {
  const items = changes.map(({ name, value, old }) => {
    return text("correctionItem", { name: text(`field_${name}`), value, old });
  });
  return text("correction", { changes: items.join(text.locale === "en" ? "; " : "；") });
}

/** The changes out of a correction's question, in either language: only its text is stored. */
export function correctionsIn(question) {
  return Object.values(TEXTS).flatMap((texts) => {
    const [before, after] = texts.correction.split("{changes}");
    if (!question.startsWith(before) || !question.endsWith(after)) return [];
    return itemsIn(question.slice(before.length, question.length - after.length), texts);
  });
}

/** Reads items from left to right, by the fixed words between their values. */
function itemsIn(list, texts) {
  const [, afterName, afterValue, afterOld] = texts.correctionItem.split(/\{\w+\}/);
  const items = [];
  for (let at = 0; at < list.length;) {
    const name = list.indexOf(afterName, at);
    const value = name < 0 ? -1 : list.indexOf(afterValue, name + afterName.length);
    const old = value < 0 ? -1 : list.indexOf(afterOld, value + afterValue.length);
    if (old < 0) break;
    items.push({
      name: fieldNamed(list.slice(at, name).replace(/^[;；] ?/, ""), texts),
      value: list.slice(name + afterName.length, value),
      old: list.slice(value + afterValue.length, old),
    });
    at = old + afterOld.length;
  }
  return items;
}

function fieldNamed(label, texts) {
  const isField = (key) => key.startsWith("field_") && texts[key] === label;
  return Object.keys(texts).find(isField)?.slice("field_".length) ?? label;
}

/** An answer's fields with the person's corrections in place of what was read. */
export function correctedFields(turn, turns) {
  const questions = turns.filter(({ role }) => role === "user");
  const changes = questions.flatMap(({ text }) => correctionsIn(text));
  return (turn.fields ?? []).map((field) => {
    const change = changes.findLast(({ name, old }) => name === field.name && old === field.value);
    if (!change) return field;
    return { ...field, value: change.value, confidence: 1, valid: null }; // a person is not checked
  });
}

/** A conversation of the gateway in the page's own form. */
export function fromServer({ id, title, messages }) {
  return { id, title, turns: messages.map(turnFromServer) };
}

/** A turn of the gateway, out of a conversation or of an event, in the page's own form. */
export function turnFromServer(message) {
  const { id, role, text, files, citations, reading, degraded, state, rating, reason } = message;
  const { suggestions, grounding, outcome, tools, actions, notice, offer } = message;
  const at = message.created_at * 1000;
  if (role === "user") {
    return { id, stored: id, role, text, files: (files ?? []).map(fileFromServer) };
  }
  if (role === "staff") return { id, role, text, author: message.author, at };
  const turn = { id, answer: id, role, text, citations: citations ?? [], degraded, rating, reason };
  if (reading?.length) addReadings(turn, reading);
  if (suggestions?.length) turn.suggestions = suggestions;
  if (grounding) turn.grounding = grounding;
  if (outcome) turn.outcome = outcome;
  if (offer) turn.offer = offer;
  if (tools?.length) Object.assign(turn, { tools, askedAt: at });
  if (actions?.length) turn.actions = actions;
  if (notice) turn.notice = notice;
  if (state === "failed") turn.failure = { code: "cut" };
  if (state === "stopped") turn.stopped = true;
  if (state === "writing") turn.writing = true;
  return turn;
}

export function fileFromServer({ id, filename, content_type, bytes, pages }) {
  return { id, name: filename, type: content_type, size: bytes, pages };
}

/** The newest scan of a parcel is read as its status too. */
export function isToldTwice({ name, value }, fields) {
  const isEvent = (one) => one.name === "event" && one.value.includes(value);
  return name === "status" && fields.some(isEvent);
}

/** Merges two tabs' turns of one conversation, in order of time, without the `removed` ids. */
export function merged(mine, theirs, removed = new Set()) {
  const known = new Set(mine.map((turn) => turn.id));
  const missing = theirs.filter((turn) => !known.has(turn.id));
  const kept = [...mine, ...missing].filter((turn) => !removed.has(turn.id));
  return kept.sort((one, other) => (one.at ?? 0) - (other.at ?? 0));
}
