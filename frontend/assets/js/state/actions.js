// Actions of the open conversation: a person's word on them, and how they go on.
import { hasEnded, openActions } from "../models/actions.js";
import { isHandoffNotice, putAction } from "../models/conversation.js";
import { liveEventsOf } from "./live-events.js";

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
  #live;
  #isSeen = false;

  constructor(session, api) {
    this.#session = session;
    this.#api = api;
    this.#live = liveEventsOf(session, api);
    this.#live.join({
      isWanted: (conversation) => this.#isSeen && openActions(conversation).length > 0,
      take: (conversation, { action }) => action && this.#take(conversation, action),
      catchUp: (conversation, turns) => this.#catchUp(conversation, turns),
    });
  }

  look(isSeen) {
    this.#isSeen = isSeen;
    this.#live.adjust();
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
    if (hasEnded(action) || action.status === "unknown") this.#live.catchUp(conversation.id);
  }

  #tell(type, conversation, more) {
    this.#session.dispatchEvent(new CustomEvent(type, { detail: { conversation, ...more } }));
  }

  /** Takes over the actions as they are now, and the notices of those that have ended. */
  #catchUp(conversation, turns) {
    const known = new Set(conversation.turns.map((turn) => turn.id));
    const isNew = ({ notice, id }) => notice && !isHandoffNotice({ notice }) && !known.has(id);
    for (const turn of turns.filter(isNew)) {
      conversation.turns.push(turn);
      this.#tell("noticed", conversation, { turn });
    }
    for (const action of turns.flatMap(({ actions = [] }) => actions)) {
      this.#take(conversation, action);
    }
  }
}
