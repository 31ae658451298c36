// One conversation with the desk: asks, relays what comes to whoever listens, stops. No DOM here.
import { apply, newConversation, phaseOf, toMessages } from "../models/conversation.js";

export class Session extends EventTarget {
  #desk;
  #history;
  #abort = null;
  conversation;

  constructor(desk, history) {
    super();
    this.#desk = desk;
    this.#history = history;
    this.conversation = history.list()[0] ?? newConversation();
  }

  get busy() {
    return this.#abort !== null;
  }

  open(conversation = newConversation()) {
    this.stop();
    this.conversation = conversation;
    this.#say("opened");
  }

  async ask(text, files) {
    const turn = { role: "user", text, files };
    this.conversation.title ||= text.slice(0, 40);
    this.conversation.turns.push(turn);
    this.#say("asked", turn);
    await this.#answer();
  }

  /** Asks the last question again, in place of an answer that failed. */
  async retry() {
    if (this.conversation.turns.at(-1)?.role === "assistant") this.conversation.turns.pop();
    await this.#answer();
  }

  stop() {
    const turn = this.conversation.turns.at(-1);
    if (this.#abort && turn?.answer) this.#desk.stop(turn.answer).catch(() => {});
    this.#abort?.abort();
  }

  async #answer() {
    const { turns, id } = this.conversation;
    const messages = toMessages(turns);
    const turn = { role: "assistant", text: "" };
    const abort = (this.#abort = new AbortController());
    turns.push(turn);
    this.#say("answering", turn);
    try {
      const body = { model: "sightdesk", stream: true, conversation_id: id, messages };
      for await (const event of this.#desk.ask(body, abort.signal)) {
        apply(turn, event);
        this.#say("progress", { turn, phase: phaseOf(turn, event) });
      }
      this.#say("answered", turn);
    } catch (error) {
      if (abort.signal.aborted) this.#say("stopped", turn);
      else this.#say("failed", { turn, error });
    } finally {
      this.#abort = null;
      this.#history.save(this.conversation);
      this.#say("idle");
    }
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
