// The hand-over that is open on the page, with its conversation, and what staff do with it.
import { newId } from "../../models/conversation.js";
import { replyText } from "../../models/plain-text.js";
import { throttled } from "../lib/throttled.js";
import { withNews } from "../models/handoffs.js";
import { withTurn } from "../models/transcript.js";

const GAP_MS = 2000; // between two looks at the conversation

/**
 * `handoff` and `messages`, null until they are there; `error` of the last look.
 *
 * Events: `changed`; `told({turn})`: somebody else said something.
 */
export class OpenHandoff extends EventTarget {
  #routes;
  #inbox;
  #sent = null; // {text, key} of the message whose arrival is not certain
  #closed = new AbortController();
  id = null;
  handoff = null;
  messages = null;
  error = null;

  constructor(routes, live, inbox) {
    super();
    this.#routes = routes;
    this.#inbox = inbox;
    this.reload = throttled(() => this.#load(), GAP_MS);
    const { signal } = this.#closed;
    live.addEventListener("opened", this.reload, { signal });
    live.addEventListener("news", ({ detail }) => this.#take(detail), { signal });
  }

  /** For good: nothing is followed any more. */
  close() {
    this.#closed.abort();
    this.open(null);
  }

  /** null closes it. */
  open(id) {
    this.#inbox.opened(id);
    if (id === this.id) return;
    Object.assign(this, { id, handoff: null, messages: null, error: null, title: undefined });
    this.#sent = null;
    this.#tell();
    if (id) this.#load();
  }

  claim() {
    return this.#step(this.#routes.claim(this.id));
  }

  release() {
    return this.#step(this.#routes.release(this.id));
  }

  resolve(outcome, note) {
    return this.#step(this.#routes.resolve(this.id, outcome, note));
  }

  /** Sent again after an error, the same text is told once. */
  async say(text) {
    const { id } = this;
    if (this.#sent?.text !== text) this.#sent = { text, key: newId() };
    const turn = await this.#routes.say(id, text, this.#sent.key);
    if (id !== this.id) return;
    this.#sent = null;
    this.messages = withTurn(this.messages, turn);
    this.handoff = { ...this.handoff, waiting_since: null };
    this.#inbox.put({ ...this.handoff, last: turn });
    this.#tell();
  }

  /** {words, citations, systems} for a person to read first: words that a customer may be sent. */
  async draft() {
    const { text, ...basis } = await this.#routes.draft(this.id);
    return { words: replyText(text), ...basis };
  }

  /** Where somebody else was faster, what is shown is old. */
  async #step(sending) {
    const { id } = this;
    try {
      const handoff = await sending;
      this.#inbox.put(this.title === undefined ? handoff : { ...handoff, title: this.title });
      if (id === this.id) this.handoff = { ...this.handoff, ...handoff };
      this.#tell();
    } finally {
      if (id === this.id) this.reload();
    }
  }

  async #load() {
    const { id } = this;
    if (!id) return;
    try {
      const { conversation, ...handoff } = await this.#routes.one(id);
      if (id !== this.id) return;
      Object.assign(this, { handoff, messages: conversation.messages, error: null });
      this.title = conversation.title;
      const last = conversation.messages.findLast(({ text }) => text);
      this.#inbox.know({ ...handoff, title: this.title, ...(last && { last }) });
    } catch (error) {
      if (id !== this.id) return;
      this.error = error;
    }
    this.#tell();
  }

  #take(news) {
    if (!this.messages || news.conversation_id !== this.handoff.conversation_id) return;
    const { turn, handoff } = news;
    if (handoff?.id === this.id) {
      this.handoff = withNews(this.handoff, handoff) ?? this.handoff;
    }
    if (turn) {
      const { messages } = this;
      this.messages = withTurn(messages, turn);
      const isNew = messages !== this.messages;
      if (isNew) this.dispatchEvent(new CustomEvent("told", { detail: { turn } }));
    }
    this.#tell();
    this.reload();
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}
