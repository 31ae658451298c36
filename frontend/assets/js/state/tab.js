// What one tab alone remembers over a reload, in session storage: several tabs do not fight over it.
import { areTurns } from "../models/conversation.js";

const KEY = "sightdesk.tab";

export class Tab {
  #storage;
  #kept = {};

  constructor(storage) {
    this.#storage = storage;
    try {
      this.#kept = sound(JSON.parse(storage.getItem(KEY)));
    } catch { /* nothing remembered */ }
  }

  get conversation() {
    return this.#kept.conversation ?? null;
  }

  /** {conversation: answer}: the ids of the answers that were being written. */
  get answers() {
    return this.#kept.answers ?? {};
  }

  /** {title, turns} of a conversation's question that the gateway has not stored, and what became of it; null where there is none. */
  unsentOf(conversation) {
    return this.#kept.unsent?.[conversation] ?? null;
  }

  keepUnsent(conversation, unsent) {
    if (!unsent && !this.unsentOf(conversation)) return;
    const { [conversation]: _, ...others } = this.#kept.unsent ?? {};
    this.#keep({ unsent: unsent ? { ...others, [conversation]: unsent } : others });
  }

  get draft() {
    return this.#kept.draft ?? "";
  }

  set draft(draft) {
    this.#keep({ draft });
  }

  remember(conversation) {
    if (conversation !== this.conversation) this.#keep({ conversation });
  }

  began(conversation, answer) {
    if (this.answers[conversation] !== answer) this.#keep({ answers: { ...this.answers, [conversation]: answer } });
  }

  ended(answer) {
    const left = Object.entries(this.answers).filter(([, one]) => one !== answer);
    if (left.length < Object.keys(this.answers).length) this.#keep({ answers: Object.fromEntries(left) });
  }

  #keep(changed) {
    this.#kept = { ...this.#kept, ...changed };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#kept));
    } catch { /* a reload starts anew */ }
  }
}

const isText = (value) => typeof value === "string";
const entriesOf = (value, check) => Object.fromEntries(Object.entries(Object(value)).filter(([, one]) => check(one)));

/** What of it has the form that we write: whatever else lies in the storage is left out. */
function sound(kept) {
  const { conversation, answers, unsent, draft } = Object(kept);
  return {
    ...(isText(conversation) && { conversation }),
    ...(isText(draft) && { draft }),
    answers: entriesOf(answers, isText),
    unsent: entriesOf(unsent, (one) => isText(one?.title) && areTurns(one.turns) && one.turns.length > 0),
  };
}
