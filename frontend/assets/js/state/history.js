// Conversations of earlier: on the server where it keeps them, else in local storage, else nowhere, and then it is said why.
import { KEPT_HERE, fromServer } from "../models/conversation.js";

export async function historyFor(config, desk, storage) {
  const server = config.history === "server" ? new ServerHistory(desk) : null;
  if (server && !hasKept(storage)) return server;
  const { LocalHistory } = await import("./local.js");
  if (!server) return new LocalHistory(storage);
  const { Rejoined } = await import("./rejoined.js");
  return new Rejoined(server, new LocalHistory(storage));
}

/** Whether conversations lie in this browser, from a time when the server could keep none. */
function hasKept(storage) {
  try {
    return (storage.getItem(KEPT_HERE) ?? "[]") !== "[]";
  } catch {
    return false;
  }
}

export class ServerHistory {
  #desk;
  #newest = null; // on its way; at the start the session takes what the list has asked for: one request
  place = "server";

  constructor(desk) {
    this.#desk = desk;
  }

  page({ query = "", before = "" } = {}) {
    if (query || before) return this.#fetch({ query, before });
    // Asked anew each time: what is on its way may be older than the answer that was just kept.
    const asked = this.#fetch({}).finally(() => this.#newest === asked && (this.#newest = null));
    return (this.#newest = asked);
  }

  async #fetch(wanted) {
    const { data, has_more: more } = await this.#desk.conversations(wanted);
    return { data, more };
  }

  async list() {
    return (await (this.#newest ?? this.page())).data;
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
