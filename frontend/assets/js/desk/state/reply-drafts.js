// Replies that are not sent yet, in this tab: they outlive another conversation and a reload.
const KEY = "sightdesk.desk.replies";

export class ReplyDrafts {
  #storage;
  #texts = new Map(); // by hand-over id

  constructor(storage) {
    this.#storage = storage;
    try {
      const kept = Object.entries(JSON.parse(storage.getItem(KEY)) ?? {});
      this.#texts = new Map(kept.filter(([, text]) => typeof text === "string"));
    } catch {
      // nothing is remembered
    }
  }

  of(id) {
    return this.#texts.get(id) ?? "";
  }

  /** An empty text is forgotten. */
  keep(id, text) {
    if (text) this.#texts.set(id, text);
    else this.#texts.delete(id);
    try {
      this.#storage.setItem(KEY, JSON.stringify(Object.fromEntries(this.#texts)));
    } catch {
      // a reload loses it
    }
  }
}
