// What one tab alone remembers over a reload, in session storage: several tabs do not fight over it.
const KEY = "sightdesk.tab";

export class Tab {
  #storage;
  #kept = {};

  constructor(storage) {
    this.#storage = storage;
    try {
      this.#kept = JSON.parse(storage.getItem(KEY) ?? "{}") ?? {};
    } catch { /* nothing remembered */ }
  }

  get conversation() {
    return this.#kept.conversation ?? null;
  }

  /** {conversation, answer} of the answer that was being written. */
  get pending() {
    return this.#kept.pending ?? null;
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
    if (this.pending?.answer !== answer) this.#keep({ pending: { conversation, answer } });
  }

  ended(answer) {
    if (this.pending?.answer === answer) this.#keep({ pending: null });
  }

  #keep(changed) {
    this.#kept = { ...this.#kept, ...changed };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#kept));
    } catch { /* a reload starts anew */ }
  }
}
