// Conversations in this browser, where the server keeps none: masked as the server would have kept them, a few and the newest.
import { mask, maskValue } from "../lib/mask.js";
import { KEPT_HERE as KEY, areTurns, merged } from "../models/conversation.js";

const MAX_CONVERSATIONS = 20;
const MAX_TURNS = 60;
const MAX_REMOVED = 120; // turns that were taken out: no other tab may bring them back
// Texts, places and ids; never a picture, a token or anything that is only of this moment.
const KEPT = ["id", "at", "role", "text", "files", "citations", "reading", "fields", "degraded", "failure", "stopped", "answer", "stored"];

export class LocalHistory {
  #storage;
  place = "local";
  why = ""; // there is no place: a key of texts.js

  constructor(storage) {
    this.#storage = storage;
    try {
      storage.setItem(`${KEY}.probe`, "1");
      storage.removeItem(`${KEY}.probe`);
    } catch {
      this.#giveUp("noStorage");
    }
  }

  #giveUp(why) {
    this.place = "none";
    this.why = why;
  }

  /** {data, more}, newest first. */
  async page({ query = "" } = {}) {
    const wanted = mask(query).toLowerCase();
    const found = this.list().filter((one) => one.turns.length && [one.title, ...one.turns.map((turn) => turn.text)].some((text) => text?.toLowerCase().includes(wanted)));
    return { data: found, more: false };
  }

  list() {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isConversation) : [];
    } catch {
      return [];
    }
  }

  async get(id) {
    return this.list().find((one) => one.id === id) ?? null;
  }

  /** Read again before writing, so that what another tab said stays. */
  save(conversation) {
    if (this.place === "none") return;
    const stored = this.list();
    const theirs = stored.find((one) => one.id === conversation.id);
    const removed = [...new Set([...(theirs?.removed ?? []), ...(conversation.removed ?? [])])].slice(-MAX_REMOVED);
    if (theirs) conversation.turns = merged(conversation.turns, theirs.turns, new Set(removed));
    const turns = conversation.turns.slice(-MAX_TURNS).map(asKept);
    const kept = { id: conversation.id, title: mask(conversation.title), turns, ...(removed.length && { removed }) };
    this.#write([kept, ...stored.filter((one) => one !== theirs)].slice(0, MAX_CONVERSATIONS));
  }

  /**
   * Saves `conversation` again where another tab's write, at the same moment, went over ours; whether it did. A browser
   * shows each tab the other's writes late, so neither read-before-write nor a lock prevents this.
   */
  mend(conversation) {
    const theirs = this.list().find((one) => one.id === conversation.id);
    if (!theirs) return false;
    const known = new Set([...theirs.turns.map((turn) => turn.id), ...(theirs.removed ?? [])]);
    const lost = conversation.turns.slice(-MAX_TURNS).some((turn) => !known.has(turn.id));
    if (lost) this.save(conversation);
    return lost;
  }

  async rename(id, title) {
    this.#write(this.list().map((one) => (one.id === id ? { ...one, title: mask(title) } : one)));
  }

  async remove(id) {
    this.#write(this.list().filter((one) => one.id !== id));
  }

  #write(kept) {
    for (;;) {
      try {
        return this.#storage.setItem(KEY, JSON.stringify(kept));
      } catch {
        if (kept.length <= 1) return this.#giveUp("storageFull");
        kept = kept.slice(0, -1);
      }
    }
  }
}

const isConversation = (one) => typeof one?.id === "string" && typeof one.title === "string" && areTurns(one.turns) && isIds(one.removed ?? []);
const isIds = (ids) => Array.isArray(ids) && ids.every((id) => typeof id === "string");

function asKept(turn) {
  const kept = Object.fromEntries(KEPT.filter((name) => turn[name] !== undefined).map((name) => [name, turn[name]]));
  if (kept.text) kept.text = mask(kept.text);
  if (kept.files) kept.files = kept.files.map((file) => ({ ...file, name: mask(file.name ?? "") }));
  if (kept.fields) kept.fields = kept.fields.map(masked);
  if (kept.reading) kept.reading = kept.reading.map((reading) => ({ ...reading, fields: reading.fields.map(masked) }));
  return kept;
}

const masked = (field) => ({ ...field, value: maskValue(field.name, field.value) });
