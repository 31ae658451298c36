// The live events of the open conversation: what becomes of actions, and what people say in it.
import { fromServer } from "../models/conversation.js";

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;
const STEADY_MS = 10_000; // a stream that lived so long was no failure
const begun = new WeakMap(); // LiveEvents, by session

/** Those of a session: its actions and its hand-overs share one connection. */
export function liveEventsOf(session, api) {
  const known = begun.get(session) ?? new LiveEvents(session, api);
  begun.set(session, known);
  return known;
}

/** Follows the open conversation while one of those who joined wants it. */
class LiveEvents {
  #session;
  #api;
  #members = [];
  #stream = null; // {id, abort} of the conversation that is followed

  constructor(session, api) {
    this.#session = session;
    this.#api = api;
    for (const type of ["opened", "action", "said"]) {
      session.addEventListener(type, () => this.adjust());
    }
  }

  /**
   * `member`: {isWanted(conversation), take(conversation, event), catchUp(conversation, turns)};
   * `turns`: all of the conversation, as the gateway has them now.
   */
  join(member) {
    this.#members.push(member);
    this.adjust();
  }

  /** To be called where what a member wants has changed. */
  adjust() {
    const { conversation } = this.#session;
    const isWanted = this.#members.some((member) => member.isWanted(conversation));
    const wanted = isWanted ? conversation.id : null;
    if (wanted === (this.#stream?.id ?? null)) return;
    this.#stream?.abort.abort();
    this.#stream = wanted && { id: wanted, abort: new AbortController() };
    if (wanted) this.#follow(wanted, this.#stream.abort.signal);
  }

  /** Tells the members what has happened meanwhile, unless another conversation is open then. */
  async catchUp(id) {
    const stored = await this.#api.conversation(id).catch(() => null);
    const { conversation } = this.#session;
    if (!stored || conversation.id !== id) return;
    const { turns } = fromServer(stored);
    for (const member of this.#members) member.catchUp(conversation, turns);
  }

  async #follow(id, signal) {
    const position = { id: "" };
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, MAX_WAIT_MS)) {
      const began = performance.now();
      try {
        await this.#read(id, position, signal);
      } catch (error) {
        if (signal.aborted || error.code === "not_found") return;
      }
      if (performance.now() - began > STEADY_MS) wait = FIRST_WAIT_MS;
      await pause(wait, signal);
    }
  }

  async #read(id, position, signal) {
    // What happened between the page's last look and this stream is in no event of it.
    const onOpen = () => position.id || this.catchUp(id);
    for await (const event of this.#api.follow(id, position, { onOpen, signal })) {
      const { conversation } = this.#session;
      if (conversation.id !== id) continue;
      if (!Object.keys(event).length) await this.catchUp(id); // `reset`: too much was missed
      for (const member of this.#members) member.take(conversation, event);
    }
  }
}

/** Ends early, without an error, where `signal` aborts or the network is back. */
function pause(milliseconds, signal) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", end);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    globalThis.addEventListener?.("online", end);
    signal.addEventListener("abort", end, { once: true });
  });
}
