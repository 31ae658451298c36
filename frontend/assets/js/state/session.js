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
    this.#abort = null; // what still comes for the conversation that is left concerns no listener
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
    const { conversation } = this; // another may be opened while this one is answered
    const { turns, id } = conversation;
    const messages = toMessages(turns);
    const turn = { role: "assistant", text: "" };
    const hasFiles = Boolean(turns.at(-1)?.files?.length);
    const abort = (this.#abort = new AbortController());
    turns.push(turn);
    this.#say("answering", { turn, phase: phaseOf(turn, null, hasFiles) });
    try {
      const body = { model: "sightdesk", stream: true, conversation_id: id, messages };
      for await (const event of this.#desk.ask(body, abort.signal)) {
        apply(turn, event);
        this.#say("progress", { turn, phase: phaseOf(turn, event, hasFiles) });
      }
      if (this.#abort === abort) this.#say("answered", turn);
    } catch (error) {
      if (!abort.signal.aborted) {
        turn.failure = { code: error.code, message: error.message };
        if (this.#abort === abort) this.#say("failed", { turn, error });
      } else if (this.#abort === abort) this.#say("stopped", turn);
    } finally {
      if (this.#abort === abort) this.#abort = null;
      this.#history.save(conversation);
      this.#say("idle");
    }
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
