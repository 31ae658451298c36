// The action that is open on the page, with its audit and its conversation.

/**
 * `action`, `steps` and `messages`, null until they are there (`messages` also where there is no
 * conversation); `error` of the last look. Events: `changed`.
 */
export class OpenAction extends EventTarget {
  #routes;
  #approvals;
  #closed = new AbortController();
  id = null;

  constructor(routes, live, approvals) {
    super();
    this.#routes = routes;
    this.#approvals = approvals;
    const { signal } = this.#closed;
    const isOurs = ({ detail }) => this.id !== null && detail.action?.id === this.id;
    live.addEventListener("news", (event) => isOurs(event) && this.#load(), { signal });
    approvals.addEventListener("changed", () => this.#compare(), { signal });
  }

  /** For good: nothing is followed any more. */
  close() {
    this.#closed.abort();
    this.open(null);
  }

  /** null closes it. */
  open(id) {
    if (id === this.id) return;
    const action = this.#approvals.find(id);
    Object.assign(this, { id, action, steps: null, messages: null, error: null });
    this.#tell();
    if (id) this.#load();
  }

  approve(edited) {
    return this.#step(this.#routes.approve(this.id, edited));
  }

  reject(reason) {
    return this.#step(this.#routes.reject(this.id, reason));
  }

  settle(outcome, note) {
    return this.#step(this.#routes.settle(this.id, outcome, note));
  }

  async #step(sending) {
    const { id } = this;
    try {
      const action = await sending;
      if (id === this.id) this.action = action;
      this.#approvals.put(action);
    } finally {
      if (id === this.id) this.#load();
    }
  }

  /** The list may know more, such as after a stream that was lost. */
  #compare() {
    const known = this.id && this.#approvals.find(this.id);
    if (known && this.action && known.status !== this.action.status) this.#load();
  }

  async #load() {
    const { id } = this;
    try {
      const [action, steps] = await Promise.all([this.#routes.one(id), this.#routes.audit(id)]);
      if (id !== this.id) return;
      Object.assign(this, { action, steps, error: null });
      this.#approvals.put(action);
      this.#tell();
      if (action.conversation_id) await this.#loadConversation(id, action);
    } catch (error) {
      if (id !== this.id) return;
      this.error = error;
    }
    this.#tell();
  }

  /** A conversation may be deleted, which the action outlives. */
  async #loadConversation(id, { conversation_id: conversation }) {
    const found = await this.#routes.conversation(conversation).catch(() => null);
    if (id === this.id && found) this.messages = found.messages;
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}
