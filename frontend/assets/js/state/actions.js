// Actions of the open conversation: a person's word on them, and how they go on.
import { hasEnded, openActions } from "../models/actions.js";
import { fromServer, putAction } from "../models/conversation.js";

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;
const STEADY_MS = 10_000; // a stream that lived so long was no failure
const IS_OTHERWISE = new Set(["action_expired", "action_not_pending", "not_found"]);

/**
 * Follows the open conversation while it has an action without an end and `look(true)` said that
 * somebody sees the page: a hidden tab must not hold one of the few connections that a browser
 * gives to a host. Changes are events of the session: action({action}), noticed({turn}).
 */
export class Actions {
  #session;
  #api;
  #sent = new Map(); // decisions on their way, by action id
  #stream = null; // {id, abort} of the conversation that is followed
  #isSeen = false;

  constructor(session, api) {
    this.#session = session;
    this.#api = api;
    for (const type of ["opened", "action"]) {
      session.addEventListener(type, () => this.#adjust());
    }
  }

  look(isSeen) {
    this.#isSeen = isSeen;
    this.#adjust();
  }

  isSending(id) {
    return this.#sent.has(id);
  }

  /**
   * Sends a person's word, "confirm" or "cancel", once however often it is given. Resolves to null,
   * or to the ApiError of a word that was not taken.
   */
  decide(id, decision) {
    const sending = this.#sent.get(id) ?? this.#send(id, decision);
    this.#sent.set(id, sending);
    return sending.finally(() => this.#sent.delete(id));
  }

  async #send(id, decision) {
    const { conversation } = this.#session;
    try {
      this.#take(conversation, await this.#api.decide(id, decision));
      return null;
    } catch (error) {
      if (IS_OTHERWISE.has(error.code)) {
        const action = await this.#api.action(id).catch(() => null);
        if (action) this.#take(conversation, action);
      }
      return error;
    }
  }

  /** Takes an action as the gateway tells it. One that has ended left a notice. */
  #take(conversation, news) {
    const turn = conversation.turns.find(({ actions }) =>
      actions?.some(({ id }) => id === news.id),
    );
    const action = turn && putAction(turn, news);
    if (!action) return;
    this.#tell("action", conversation, { action });
    if (hasEnded(action) || action.status === "unknown") this.#catchUp(conversation.id);
  }

  #tell(type, conversation, more) {
    this.#session.dispatchEvent(new CustomEvent(type, { detail: { conversation, ...more } }));
  }

  #adjust() {
    const { conversation } = this.#session;
    const isWanted = this.#isSeen && openActions(conversation).length > 0;
    const wanted = isWanted ? conversation.id : null;
    if (wanted === (this.#stream?.id ?? null)) return;
    this.#stream?.abort.abort();
    this.#stream = wanted && { id: wanted, abort: new AbortController() };
    if (wanted) this.#follow(wanted, this.#stream.abort.signal);
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
    const onOpen = () => position.id || this.#catchUp(id);
    for await (const { action } of this.#api.follow(id, position, { onOpen, signal })) {
      const { conversation } = this.#session;
      if (action && conversation.id === id) this.#take(conversation, action);
    }
  }

  /** Takes over the actions as they are now, and the notices of those that have ended. */
  async #catchUp(id) {
    const stored = await this.#api.conversation(id).catch(() => null);
    const { conversation } = this.#session;
    if (!stored || conversation.id !== id) return;
    const { turns } = fromServer(stored);
    const known = new Set(conversation.turns.map((turn) => turn.id));
    for (const turn of turns.filter(({ notice, id: one }) => notice && !known.has(one))) {
      conversation.turns.push(turn);
      this.#tell("noticed", conversation, { turn });
    }
    for (const action of turns.flatMap(({ actions = [] }) => actions)) {
      this.#take(conversation, action);
    }
  }
}

/** Ends early, without an error, where `signal` aborts. */
function pause(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    const end = () => {
      clearTimeout(timer);
      done();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}
