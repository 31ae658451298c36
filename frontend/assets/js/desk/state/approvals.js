// The actions that staff decide about, kept up to date, and how many wait for them.
import { throttled } from "../lib/throttled.js";
import { FILTERS, filterOf, inOrder } from "../models/approvals.js";

const GAP_MS = 3000; // between two looks at the lists

/**
 * `rows` of the chosen `filter`, null until they are there; `counts` by filter, without those that
 * are decided; `error` of the last look. Events: `changed`; `arrived({action})`: one more waits.
 */
export class Approvals extends EventTarget {
  #routes;
  #counts;
  #actions = null; // by id
  filter = FILTERS[0];
  error = null;

  constructor(routes, live, counts) {
    super();
    this.#routes = routes;
    this.#counts = counts;
    this.reload = throttled(() => this.#load(), GAP_MS);
    live.addEventListener("opened", this.reload);
    live.addEventListener("news", ({ detail }) => detail.action && this.#take(detail.action));
  }

  get rows() {
    return this.#actions && inOrder(this.filter, this.#of(this.filter));
  }

  get counts() {
    const open = FILTERS.filter((filter) => filter !== "decided");
    return Object.fromEntries(open.map((filter) => [filter, this.#of(filter).length]));
  }

  choose(filter) {
    this.filter = filter;
    this.#tell();
    if (filter === "decided") this.reload();
  }

  find(id) {
    return this.#actions?.get(id) ?? null;
  }

  /** An action as it is now. */
  put(action) {
    this.#actions?.set(action.id, action);
    this.#tell();
  }

  #of(filter) {
    const now = this.#routes.now();
    return [...(this.#actions?.values() ?? [])].filter((one) => filterOf(one, now) === filter);
  }

  async #load() {
    try {
      const wanted = ["proposed", "unknown", ...(this.filter === "decided" ? [""] : [])];
      const lists = await Promise.all(wanted.map((status) => this.#routes.list(status)));
      this.#actions = new Map(lists.flat().map((action) => [action.id, action]));
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.#tell();
  }

  #take(news) {
    const isNew = !this.#actions?.has(news.id);
    if (this.#actions) this.#actions.set(news.id, { ...this.#actions.get(news.id), ...news });
    const isWaiting = filterOf(news, this.#routes.now()) === "waiting";
    if (isNew && isWaiting) {
      this.dispatchEvent(new CustomEvent("arrived", { detail: { action: news } }));
    }
    this.#tell();
    this.reload();
  }

  #tell() {
    const { waiting, unknown } = this.counts;
    this.#counts.set("approvals", waiting + unknown);
    this.dispatchEvent(new Event("changed"));
  }
}
