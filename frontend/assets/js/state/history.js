// Earlier conversations: on the server where it keeps them, else in this browser.
import { LOCAL_KEY, fromServer } from "../models/conversation.js";

/**
 * The history that the gateway's configuration asks for. Each has page({query, before}), newest,
 * get, save, rename and remove; and `place`: "server", "local", or "none" with `why`, a key of the
 * texts.
 */
export async function historyFor(config, api, storage) {
  const server = config.history === "server" ? new ServerHistory(api) : null;
  if (server && !hasLocal(storage)) return server;
  const { LocalHistory } = await import("./local-history.js");
  if (!server) return new LocalHistory(storage);
  const { MergedHistory } = await import("./merged-history.js");
  return new MergedHistory(server, new LocalHistory(storage));
}

/** Whether this browser has conversations from a time when the server could keep none. */
function hasLocal(storage) {
  try {
    return (storage.getItem(LOCAL_KEY) ?? "[]") !== "[]";
  } catch {
    return false;
  }
}

/**
 * What this tab had open, else the newest conversation, else null. One may be known to this tab
 * alone: the gateway has stored none of it.
 */
export async function lastOpen(history, tab) {
  const id = tab?.conversation;
  const unsent = id && tab.unsentOf(id);
  const ours = unsent && { id, title: unsent.title, turns: [] };
  try {
    return (id && (await history.get(id))) || ours || (await newestOf(history));
  } catch (error) {
    if (ours) return ours;
    throw error;
  }
}

async function newestOf(history) {
  const newest = await history.newest();
  return newest && (Array.isArray(newest.turns) ? newest : history.get(newest.id));
}

export class ServerHistory {
  #api;
  #newest = null; // the request for the newest page, while it is on its way
  place = "server";

  constructor(api) {
    this.#api = api;
  }

  /** {data, more}, the newest first; `before`: the id behind which the page begins. */
  page({ query = "", before = "" } = {}) {
    if (query || before) return this.#fetch({ query, before });
    // A new request each time: one on its way may miss the answer that was stored just now.
    const request = this.#fetch({}).finally(() => {
      if (this.#newest === request) this.#newest = null;
    });
    this.#newest = request;
    return request;
  }

  async #fetch(wanted) {
    const { data, has_more: more } = await this.#api.conversations(wanted);
    return { data, more };
  }

  /** The newest summary. Shares the request that is on its way: the sidebar has just sent it. */
  async newest() {
    return (await (this.#newest ?? this.page())).data[0];
  }

  /** null where there is none of that id, or no longer. */
  async get(id) {
    try {
      return fromServer(await this.#api.conversation(id));
    } catch (error) {
      if (error.code === "not_found") return null;
      throw error;
    }
  }

  save() {} // the gateway stores what it answers

  rename(id, title) {
    return this.#api.rename(id, title);
  }

  remove(id) {
    return this.#api.removeConversation(id);
  }
}
