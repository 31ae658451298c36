// The server keeps conversations again, and in this browser there are still those of a time when it could not: one history of both.

export class Rejoined {
  #server;
  #local;
  place = "server";

  constructor(server, local) {
    this.#server = server;
    this.#local = local;
  }

  /** What is kept here comes with the first page, by its time. */
  async page({ query = "", before = "" } = {}) {
    const { data, more } = await this.#server.page({ query, before });
    if (before) return { data, more };
    const known = new Set(data.map((one) => one.id));
    const here = (await this.#local.page({ query })).data.filter((one) => !known.has(one.id));
    return { data: [...data, ...here].sort((one, other) => spokenAt(other) - spokenAt(one)), more };
  }

  /** A conversation that went on since has its beginning here and the rest there. */
  async get(id) {
    const [here, there] = [await this.#local.get(id), await this.#server.get(id)];
    return here && there ? { ...there, turns: [...here.turns, ...there.turns] } : (there ?? here);
  }

  save() {} // the gateway keeps what it answers

  async rename(id, title) {
    await this.#both(id, (history) => history.rename(id, title));
  }

  async remove(id) {
    await this.#both(id, (history) => history.remove(id));
  }

  /** It may be in one place only: then the other's "not found" is no failure. */
  async #both(id, change) {
    const here = await this.#local.get(id);
    await change(this.#server).catch((error) => {
      if (!here || error.code !== "not_found") throw error;
    });
    if (here) await change(this.#local);
  }
}

const spokenAt = ({ turns, updated_at: seconds = 0 }) => (turns?.length ? (turns.at(-1).at ?? 0) : seconds * 1000);
