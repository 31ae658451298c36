// The routes by which staff take conversations over, answer in them and end them.
const PAGE = 100;

export class HandoffRoutes {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** The gateway's clock, in ms since 1970. */
  now() {
    return this.#client.now();
  }

  /** {data, has_more, counts}, newest first. `before`: id of the last one of the page before. */
  page(status, before = "") {
    return this.#client.read("handoffs", { status, before, limit: PAGE });
  }

  /** The hand-over with its `conversation`. */
  one(id) {
    return this.#client.read(oneOf(id));
  }

  claim(id) {
    return this.#client.send(`${oneOf(id)}/claim`);
  }

  release(id) {
    return this.#client.send(`${oneOf(id)}/release`);
  }

  /** `key`: the same message sent again with it is told once. Resolves to the turn. */
  say(id, text, key) {
    return this.#client.send(`${oneOf(id)}/messages`, { text, key });
  }

  /** `outcome`: "solved" or "unsolved". */
  resolve(id, outcome, note) {
    return this.#client.send(`${oneOf(id)}/resolve`, { outcome, note });
  }

  /** {text, citations, systems}: what the assistant would answer. */
  draft(id) {
    return this.#client.send(`${oneOf(id)}/draft`);
  }

  /** {threshold, data}: clauses for a question, best first. */
  clauses(query) {
    return this.#client.read("knowledge/search", { query, audience: "staff" });
  }
}

const oneOf = (id) => `handoffs/${encodeURIComponent(id)}`;
