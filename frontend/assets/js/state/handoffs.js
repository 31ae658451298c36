// Hand-overs of the open conversation to people: asking for one, and what people then say.
import { isHandoffNotice, livingHandoff, turnFromServer } from "../models/conversation.js";
import { liveEventsOf } from "./live-events.js";

/**
 * Turns that people cause are events of the session: said({turn}), whoever has written it, and
 * handoffChanged({notice}).
 */
export class Handoffs {
  #session;
  #api;
  #live;

  constructor(session, api) {
    this.#session = session;
    this.#api = api;
    this.#live = liveEventsOf(session, api);
    this.#live.join({
      isWanted: (conversation) => livingHandoff(conversation) !== null,
      take: (conversation, { turn }) =>
        turn && this.#take(conversation, turnFromServer(turn), turn),
      catchUp: (conversation, turns) => {
        const news = turns.filter((turn) => turn.role === "staff" || isHandoffNotice(turn));
        for (const turn of news) this.#take(conversation, turn);
      },
    });
  }

  /** Takes over what people have said or done in the open conversation. */
  look() {
    return this.#live.catchUp(this.#session.conversation.id);
  }

  /**
   * Asks for a person, or adds a contact to what was asked. Resolves to the hand-over once the
   * thread shows it.
   */
  async request({ note = "", contact = "" } = {}) {
    const { conversation } = this.#session;
    const isNew = livingHandoff(conversation) === null;
    const handoff = await this.#api.handOff(conversation.id, { note, contact });
    if (isNew) this.#tell("handoff", conversation, { handoff });
    await this.look();
    return handoff;
  }

  /** Appends a turn that the page has not got yet. */
  #take(conversation, turn, { is_cut: isCut } = {}) {
    const { turns } = conversation;
    if (turns.some(({ id, stored }) => turn.id === id || turn.id === stored)) return;
    if (turn.role === "user" && isOwn(turns, turn, isCut)) return;
    turns.push(turn);
    this.#tell("said", conversation, { turn });
    if (isHandoffNotice(turn)) {
      this.#tell("handoffChanged", conversation, { notice: turn.notice });
    }
  }

  #tell(type, conversation, more) {
    this.#session.dispatchEvent(new CustomEvent(type, { detail: { conversation, ...more } }));
  }
}

/**
 * Whether this page has just sent the question: it learns the question's stored id later. `isCut`:
 * the event has only the beginning of a long text.
 */
function isOwn(turns, { id, text }, isCut = false) {
  const isSame = (one) => one.text === text || (isCut && one.text.startsWith(text));
  const sent = turns.find((one) => one.role === "user" && !one.stored && isSame(one));
  if (sent) sent.stored = id;
  return Boolean(sent);
}
