// Messages to and from the page that frames this one: who is heard, and to whom ours are sent.
import { newId } from "../models/conversation.js";
import { envelope, readRefusal, readRequest } from "./protocol.js";

export class Channel {
  #window;
  #tail = Promise.resolve();
  /** The one origin that is heard and told, once a token has named it. Never "*". */
  host = null;

  constructor(window) {
    this.#window = window;
  }

  get framed() {
    return this.#window.parent !== this.#window;
  }

  /**
   * Calls `handle({request, origin, reply})` for every request, one after another, so that
   * `set-context` is done before the next begins. Calls `refused({requestId, reason})` where the
   * host could not do what an event asked for.
   */
  listen(handle, refused, early = []) {
    const hear = (event) => {
      if (!this.framed || event.source !== this.#window.parent || event.origin === "null") return;
      const { data, origin } = event;
      this.after(async () => {
        // Judged now, not on arrival: a message before it may have named the host.
        if (this.host !== null && origin !== this.host) return;
        const request = readRequest(data);
        const refusal = origin === this.host && readRefusal(data);
        if (refusal) refused(refusal);
        if (!request) return;
        const reply = (type, payload) =>
          this.#post(envelope(type, payload, request.requestId), origin);
        await handle({ request, origin, reply });
      });
    };
    early.forEach(hear);
    this.#window.addEventListener("message", hear);
  }

  /** Does `work` once everything before it is done. */
  after(work) {
    this.#tail = this.#tail.then(work).catch((error) => console.error("sightdesk:", error));
    return this.#tail;
  }

  /** Sends an event to the host, if there is one; returns its requestId. */
  tell(type, payload, origin = this.host) {
    const requestId = newId();
    if (this.framed && origin !== null) this.#post(envelope(type, payload, requestId), origin);
    return requestId;
  }

  #post(message, origin) {
    this.#window.parent.postMessage(message, origin);
  }
}

/**
 * The origin that is told `ready` before a token has named the host: `hint` out of the fragment,
 * else what the browser knows, or null. It gives no authority: the browser delivers to that origin
 * only, and the token alone decides who is heard.
 */
export function likelyHost(window, hint) {
  for (const url of [hint, window.location.ancestorOrigins?.[0], window.document.referrer]) {
    try {
      const { origin } = new URL(url);
      if (origin !== "null") return origin;
    } catch {
      // not an address: try the next
    }
  }
  return null;
}
