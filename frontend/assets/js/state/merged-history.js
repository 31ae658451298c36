// The server keeps conversations again, and this browser still has some from before: both as one.
export class MergedHistory {
  #server;
  #local;
  place = "server";

  constructor(server, local) {
    this.#server = server;
    this.#local = local;
  }

  /** Local conversations come with the first page, in order of time. */
  async page({ query = "", before = "" } = {}) {
    const { data, more } = await this.#server.page({ query, before });
    if (before) return { data, more };
    const known = new Set(data.map((one) => one.id));
    const local = (await this.#local.page({ query })).data.filter((one) => !known.has(one.id));
    const newestFirst = (one, other) => updatedAt(other) - updatedAt(one);
    return { data: [...data, ...local].sort(newestFirst), more };
  }

  async newest() {
    return (await this.page()).data[0];
  }

  /** A conversation that went on has its first turns in this browser and the rest on the server. */
  async get(id) {
    const [local, server] = [await this.#local.get(id), await this.#server.get(id)];
    if (local && server) return { ...server, turns: [...local.turns, ...server.turns] };
    return server ?? local;
  }

  save() {} // the gateway stores what it answers

  async rename(id, title) {
    await this.#both(id, (history) => history.rename(id, title));
  }

  async remove(id) {
    await this.#both(id, (history) => history.remove(id));
  }

  /** Where only this browser has the conversation, the server's "not found" is no failure. */
  async #both(id, change) {
    const local = await this.#local.get(id);
    await change(this.#server).catch((error) => {
      if (!local || error.code !== "not_found") throw error;
    });
    if (local) await change(this.#local);
  }
}

/** In milliseconds since 1970; summaries of the server count in seconds. */
function updatedAt({ turns, updated_at: seconds = 0 }) {
  return turns?.length ? (turns.at(-1).at ?? 0) : seconds * 1000;
}
