// The routes by which staff decide about writes in the company's systems.
const RECENT = 200; // actions of a list
const MAX_STEPS = 100; // of one action's audit

export class ActionRoutes {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** The gateway's clock, in ms since 1970. */
  now() {
    return this.#client.now();
  }

  /** Newest first; `status` "" for all. */
  async list(status = "") {
    return (await this.#client.read("actions", { status, limit: RECENT })).data;
  }

  one(id) {
    return this.#client.read(oneOf(id));
  }

  /** `edited`: new values of some arguments, or null. */
  approve(id, edited = null) {
    return this.#client.send(`${oneOf(id)}/confirm`, edited ? { arguments: edited } : {});
  }

  /** The customer is told the reason. */
  reject(id, reason) {
    return this.#client.send(`${oneOf(id)}/reject`, { reason });
  }

  /** For one whose result is unknown. `outcome`: "done" or "failed". */
  settle(id, outcome, note) {
    return this.#client.send(`${oneOf(id)}/settle`, { outcome, note });
  }

  /** The action's steps, oldest first: [{time, who, from, to, reason}]. */
  audit(id) {
    return this.#client.read("audit", { action: id, limit: MAX_STEPS });
  }

  conversation(id) {
    return this.#client.read(`conversations/${encodeURIComponent(id)}`);
  }
}

const oneOf = (id) => `actions/${encodeURIComponent(id)}`;
