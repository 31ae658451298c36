// Conversations in this browser, for a server that keeps none: the newest few, masked.
import { mask, maskValue } from "../lib/mask.js";
import { LOCAL_KEY, areTurns, merged } from "../models/conversation.js";

const MAX_CONVERSATIONS = 20;
const MAX_TURNS = 60;
const MAX_REMOVED = 120; // ids of removed turns, which other tabs must not merge back
// Texts, boxes and ids; never a picture, a token or what belongs to this moment only.
const KEPT = [
  "id",
  "at",
  "role",
  "text",
  "files",
  "citations",
  "suggestions",
  "reading",
  "fields",
  "degraded",
  "failure",
  "stopped",
  "answer",
  "stored",
];

export class LocalHistory {
  #storage;
  place = "local";
  why = ""; // a key of the texts, where `place` is "none"

  constructor(storage) {
    this.#storage = storage;
    try {
      storage.setItem(`${LOCAL_KEY}.probe`, "1");
      storage.removeItem(`${LOCAL_KEY}.probe`);
    } catch {
      this.#giveUp("noStorage");
    }
  }

  #giveUp(why) {
    this.place = "none";
    this.why = why;
  }

  /** {data, more}, the newest first. */
  async page({ query = "" } = {}) {
    const wanted = mask(query).toLowerCase();
    const hasWanted = (text) => text?.toLowerCase().includes(wanted);
    const data = this.list().filter(({ title, turns }) => {
      return turns.length && [title, ...turns.map((turn) => turn.text)].some(hasWanted);
    });
    return { data, more: false };
  }

  async newest() {
    return (await this.page()).data[0];
  }

  list() {
    try {
      const kept = JSON.parse(this.#storage.getItem(LOCAL_KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isConversation) : [];
    } catch {
      return [];
    }
  }

  async get(id) {
    return this.list().find((one) => one.id === id) ?? null;
  }

  /** Reads before it writes, so that another tab's turns are kept. */
  save(conversation) {
    if (this.place === "none") return;
    const stored = this.list();
    const theirs = stored.find((one) => one.id === conversation.id);
    const removedIds = new Set([...(theirs?.removed ?? []), ...(conversation.removed ?? [])]);
    const removed = [...removedIds].slice(-MAX_REMOVED);
    if (theirs) {
      conversation.turns = merged(conversation.turns, theirs.turns, new Set(removed));
    }
    const turns = conversation.turns.slice(-MAX_TURNS).map(asKept);
    const { id, title } = conversation;
    const kept = { id, title: mask(title), turns, ...(removed.length && { removed }) };
    this.#write([kept, ...stored.filter((one) => one !== theirs)].slice(0, MAX_CONVERSATIONS));
  }

  /**
   * Saves `conversation` again where another tab overwrote our turns at the same moment. Returns
   * whether it had to. A browser shows each tab the other's writes late, so neither reading before
   * writing nor a lock prevents this.
   */
  mend(conversation) {
    const theirs = this.list().find((one) => one.id === conversation.id);
    if (!theirs) return false;
    const known = new Set([...theirs.turns.map((turn) => turn.id), ...(theirs.removed ?? [])]);
    const isLost = conversation.turns.slice(-MAX_TURNS).some((turn) => !known.has(turn.id));
    if (isLost) this.save(conversation);
    return isLost;
  }

  async rename(id, title) {
    this.#write(this.list().map((one) => (one.id === id ? { ...one, title: mask(title) } : one)));
  }

  async remove(id) {
    this.#write(this.list().filter((one) => one.id !== id));
  }

  /** Drops the oldest conversations until the rest fits into the storage. */
  #write(conversations) {
    for (let kept = conversations; ; kept = kept.slice(0, -1)) {
      try {
        return this.#storage.setItem(LOCAL_KEY, JSON.stringify(kept));
      } catch {
        if (kept.length <= 1) return this.#giveUp("storageFull");
      }
    }
  }
}

function isConversation(one) {
  if (typeof one?.id !== "string" || typeof one.title !== "string") return false;
  return areTurns(one.turns) && areIds(one.removed ?? []);
}

function areIds(ids) {
  return Array.isArray(ids) && ids.every((id) => typeof id === "string");
}

function asKept(turn) {
  const names = KEPT.filter((name) => turn[name] !== undefined);
  const kept = Object.fromEntries(names.map((name) => [name, turn[name]]));
  const masked = (field) => ({ ...field, value: maskValue(field.name, field.value) });
  if (kept.text) kept.text = mask(kept.text);
  if (kept.files) kept.files = kept.files.map((file) => ({ ...file, name: mask(file.name ?? "") }));
  if (kept.fields) kept.fields = kept.fields.map(masked);
  if (kept.reading)
    kept.reading = kept.reading.map((one) => ({ ...one, fields: one.fields.map(masked) }));
  return kept;
}
