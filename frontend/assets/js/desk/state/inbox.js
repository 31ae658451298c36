// The list of hand-overs that staff look at, kept up to date, and how many wait.
import { throttled } from "../lib/throttled.js";
import {
  FILTERS,
  countsAfter,
  fits,
  inOrder,
  isMine,
  isWaiting,
  withNews,
} from "../models/handoffs.js";

const GAP_MS = 2500; // between two looks at the list
const MAX_KNOWN = 1000; // hand-overs, of all lists

/**
 * `rows` of the chosen `filter` in the order of `inOrder`, null until they are there; `counts` by
 * filter; `unread`: {id: "arrived" or "wrote"} of what has news that nobody here has seen; `error`
 * of the last look.
 *
 * Events: `changed`; `arrived({handoff})`: a customer asks for a person; `wrote({handoff})`: a
 * customer wrote to me.
 */
export class Inbox extends EventTarget {
  #routes;
  #me;
  #counts;
  #opened = null; // id of the one that is shown
  #known = new Map(); // by id, also what is in other lists: events have no title and no last words
  #steps = 0; // taken here
  filter = FILTERS[0];
  rows = null;
  counts = {};
  hasMore = false;
  unread = new Map();
  error = null;

  /** `me`: the name of who looks. `counts`: the page's. */
  constructor(routes, live, me, counts) {
    super();
    this.#routes = routes;
    this.#me = me;
    this.#counts = counts;
    this.reload = throttled(() => this.#load(), GAP_MS);
    live.addEventListener("opened", this.reload);
    live.addEventListener("news", ({ detail }) => detail.handoff && this.#take(detail));
  }

  choose(filter) {
    if (filter === this.filter) return;
    this.filter = filter;
    this.rows = null;
    this.hasMore = false;
    this.#tell();
    this.#load();
  }

  /** That this one is shown, or none: what happens there is not unread. */
  opened(id) {
    this.#opened = id;
    if (this.unread.delete(id)) this.#tell();
  }

  /** Adds those before the oldest one that is there. */
  async more() {
    const { filter } = this;
    const last = this.rows?.toSorted((one, other) => one.created_at - other.created_at)[0];
    if (!last) return;
    try {
      const page = await this.#routes.page(filter, last.id);
      for (const row of page.data) this.know(row);
      if (filter !== this.filter) return;
      const known = new Set(this.rows.map(({ id }) => id));
      const fresh = page.data.filter(({ id }) => !known.has(id));
      this.rows = inOrder(filter, [...this.rows, ...fresh]);
      this.hasMore = page.has_more;
    } catch (error) {
      this.error = error;
    }
    this.#tell();
  }

  /** Keeps what is told of a hand-over, such as `title` and `last`. Returns all that is known. */
  know(handoff) {
    const known = this.#known.get(handoff.id);
    const isOld = known && handoff.version < known.version;
    const row = isOld ? { ...handoff, ...known } : { ...known, ...handoff };
    this.#known.delete(row.id);
    this.#known.set(row.id, row);
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value);
    return row;
  }

  /** A hand-over as it is now, from a step that was taken here. It counts at once. */
  put(handoff) {
    this.#steps += 1;
    this.#change(handoff);
    this.#tell();
    this.reload();
  }

  async #load() {
    const { filter } = this;
    const steps = this.#steps;
    try {
      const { data, counts, has_more: hasMore } = await this.#routes.page(filter);
      const isOld = steps !== this.#steps; // a step was taken meanwhile; the next look has it
      if (!isOld) this.counts = counts;
      for (const row of data) this.know(row);
      if (filter === this.filter && !(isOld && this.rows)) {
        this.rows = inOrder(filter, data);
        this.hasMore = hasMore;
      }
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.#tell();
  }

  #take({ handoff, turn, cause }) {
    const known = this.#known.get(handoff.id);
    const news = known ? withNews(known, handoff) : handoff;
    if (news) this.#change(turn?.text ? { ...news, last: turn } : news, cause === "requested");
    const isFromCustomer = turn?.role === "user";
    if (cause === "requested") this.#announce("arrived", handoff);
    else if (isFromCustomer && isMine(handoff, this.#me)) this.#announce("wrote", handoff);
    this.#tell();
    this.reload();
  }

  #change(handoff, isNew = false) {
    const before = this.#known.get(handoff.id) ?? null;
    const row = this.know(handoff);
    if (before || isNew) this.counts = countsAfter(this.counts, before, row, this.#me);
    this.#place(row);
  }

  #announce(type, handoff) {
    if (handoff.id !== this.#opened) this.unread.set(handoff.id, type);
    this.dispatchEvent(new CustomEvent(type, { detail: { handoff } }));
  }

  #place(row) {
    if (!this.rows) return;
    const others = this.rows.filter(({ id }) => id !== row.id);
    const belongs = fits(this.filter, row, this.#me);
    this.rows = belongs ? inOrder(this.filter, [...others, row]) : others;
    if (!isWaiting(row) && !isMine(row, this.#me)) this.unread.delete(row.id);
  }

  #tell() {
    const { open = 0, missed = 0 } = this.counts;
    const written = [...this.unread.values()].filter((news) => news === "wrote").length;
    this.#counts.set("inbox", open + missed + written);
    this.dispatchEvent(new Event("changed"));
  }
}
