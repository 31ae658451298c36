// Conversations of earlier: on the server where it keeps them, else in local storage, else nowhere, and then it is said why.
import { fromServer, merged } from "../models/conversation.js";

const KEY = "sightdesk.conversations";
const MAX_CONVERSATIONS = 20;
const MAX_TURNS = 60;
// Texts, places and ids; never a picture, a token or anything that is only of this moment.
const KEPT = ["id", "at", "role", "text", "files", "citations", "reading", "fields", "degraded", "failure", "stopped", "answer", "stored"];

export function historyFor(config, desk, storage) {
  return config.history === "server" ? new ServerHistory(desk) : new LocalHistory(storage);
}

export class LocalHistory {
  #storage;
  place = "local";
  available = true;

  constructor(storage) {
    this.#storage = storage;
    try {
      storage.setItem(`${KEY}.probe`, "1");
      storage.removeItem(`${KEY}.probe`);
    } catch {
      this.available = false;
      this.place = "none";
    }
  }

  /** {data, more}, newest first. */
  async page({ query = "" } = {}) {
    const wanted = query.toLowerCase();
    const found = this.list().filter((one) => one.turns.length && [one.title, ...one.turns.map((turn) => turn.text)].some((text) => text?.toLowerCase().includes(wanted)));
    return { data: found, more: false };
  }

  list() {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  async get(id) {
    return this.list().find((one) => one.id === id) ?? null;
  }

  /** Read again before writing, so that what another tab said stays. */
  save(conversation) {
    if (!this.available) return;
    const stored = this.list();
    const theirs = stored.find((one) => one.id === conversation.id);
    if (theirs) conversation.turns = merged(conversation.turns, theirs.turns, conversation.removed);
    const turns = conversation.turns.slice(-MAX_TURNS).map((turn) => Object.fromEntries(KEPT.filter((name) => turn[name] !== undefined).map((name) => [name, turn[name]])));
    this.#write([{ id: conversation.id, title: conversation.title, turns }, ...stored.filter((one) => one !== theirs)].slice(0, MAX_CONVERSATIONS));
  }

  async rename(id, title) {
    this.#write(this.list().map((one) => (one.id === id ? { ...one, title } : one)));
  }

  async remove(id) {
    this.#write(this.list().filter((one) => one.id !== id));
  }

  #write(kept) {
    for (;;) {
      try {
        return this.#storage.setItem(KEY, JSON.stringify(kept));
      } catch {
        if (kept.length <= 1) return void (this.available = false);
        kept = kept.slice(0, -1);
      }
    }
  }
}

export class ServerHistory {
  #desk;
  #newest = null; // the list and the session both ask for it at the start: one request
  place = "server";
  available = true;

  constructor(desk) {
    this.#desk = desk;
  }

  page({ query = "", before = "" } = {}) {
    if (query || before) return this.#fetch({ query, before });
    return (this.#newest ??= this.#fetch({}).finally(() => (this.#newest = null)));
  }

  async #fetch(wanted) {
    const { data, has_more: more } = await this.#desk.conversations(wanted);
    return { data, more };
  }

  async list() {
    return (await this.page()).data;
  }

  /** null where there is none of that id, or no longer. */
  async get(id) {
    try {
      return fromServer(await this.#desk.conversation(id));
    } catch (error) {
      if (error.code === "not_found") return null;
      throw error;
    }
  }

  save() {} // the gateway keeps what it answers

  rename(id, title) {
    return this.#desk.rename(id, title);
  }

  remove(id) {
    return this.#desk.removeConversation(id);
  }
}
