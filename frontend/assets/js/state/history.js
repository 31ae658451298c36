// Conversations in local storage: texts, citations and file ids. Nothing secret is kept.
const KEY = "sightdesk.conversations";
const MAX_CONVERSATIONS = 20;
const MAX_TURNS = 60;

export class History {
  #storage;
  available = true;

  constructor(storage) {
    this.#storage = storage;
    try {
      storage.setItem(`${KEY}.probe`, "1");
      storage.removeItem(`${KEY}.probe`);
    } catch {
      this.available = false;
    }
  }

  /** Newest first. */
  list() {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  /** Read again before writing, so that another tab's conversations stay. */
  save(conversation) {
    if (!this.available) return;
    const others = this.list().filter((one) => one.id !== conversation.id);
    const turns = conversation.turns.slice(-MAX_TURNS).map(({ role, text, files, citations, fields, degraded, failure }) => ({ role, text, files, citations, fields, degraded, failure }));
    let kept = [{ id: conversation.id, title: conversation.title, turns }, ...others].slice(0, MAX_CONVERSATIONS);
    for (;;) {
      try {
        return this.#storage.setItem(KEY, JSON.stringify(kept));
      } catch {
        if (kept.length <= 1) return void (this.available = false);
        kept = kept.slice(0, -1);
      }
    }
  }
}
