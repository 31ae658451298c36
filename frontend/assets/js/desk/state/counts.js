// How many things wait for staff, by view. Shown at the views' links and in the tab's title.
export class Counts extends EventTarget {
  #counts = {};

  of(view) {
    return this.#counts[view] ?? 0;
  }

  get total() {
    return Object.values(this.#counts).reduce((sum, one) => sum + one, 0);
  }

  set(view, count) {
    if (count === this.of(view)) return;
    this.#counts[view] = count;
    this.dispatchEvent(new Event("changed"));
  }
}
