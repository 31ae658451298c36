// The desk's stream of events, opened again for as long as the page is.
import { pause } from "../../lib/sse.js";

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;
const STEADY_MS = 10_000; // a stream that lived so long was no failure

/**
 * Events: `news({...data})` for each event of the gateway; `opened` whenever a stream has opened,
 * when a view reads its lists again; `changed` when `isOn` has changed.
 */
export class Live extends EventTarget {
  #api;
  #abort = new AbortController();
  isOn = false;

  constructor(api) {
    super();
    this.#api = api;
  }

  start() {
    this.#follow(this.#abort.signal);
  }

  stop() {
    this.#abort.abort();
  }

  async #follow(signal) {
    const position = { id: "" };
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, MAX_WAIT_MS)) {
      const began = performance.now();
      try {
        for await (const data of this.#api.live(position, { onOpen: () => this.#open(), signal })) {
          this.dispatchEvent(new CustomEvent("news", { detail: data }));
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error.retryAfter) wait = Math.max(wait, 1000 * error.retryAfter);
      }
      const isSteady = performance.now() - began > STEADY_MS;
      if (isSteady) wait = FIRST_WAIT_MS;
      // A stream ends by itself every quarter of an hour; one that broke early is a fault.
      if (!isSteady) this.#set(false);
      await pause(wait, signal).catch(() => {});
    }
  }

  #open() {
    this.#set(true);
    this.dispatchEvent(new Event("opened"));
  }

  #set(isOn) {
    if (isOn === this.isOn) return;
    this.isOn = isOn;
    this.dispatchEvent(new Event("changed"));
  }
}
