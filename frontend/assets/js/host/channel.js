// The wire to the page that frames us: whose messages are heard, and to whom ours go.
import { envelope, readRefusal, readRequest } from "./protocol.js";
import { newId } from "../models/conversation.js";

export class Channel {
  #window;
  #tail = Promise.resolve();
  /** The one origin that is heard and told, once a token has named it; an exact origin, never "*". */
  host = null;

  constructor(window) {
    this.#window = window;
  }

  get framed() {
    return this.#window.parent !== this.#window;
  }

  /**
   * `handle({request, origin, reply})` for every request, one after another: what follows `set-context` finds it done.
   * `refused({requestId, reason})` where the host could not do what an event asked for.
   */
  listen(handle, refused, early = []) {
    const hear = (event) => {
      if (!this.framed || event.source !== this.#window.parent || event.origin === "null") return;
      const { data, origin } = event;
      this.after(async () => {
        // Judged now and not on arrival: what came before it may have named the host.
        if (this.host !== null && origin !== this.host) return;
        const request = readRequest(data);
        const refusal = origin === this.host && readRefusal(data);
        if (refusal) refused(refusal);
        if (request) await handle({ request, origin, reply: (type, payload) => this.#post(envelope(type, payload, request.requestId), origin) });
      });
    };
    early.forEach(hear);
    this.#window.addEventListener("message", hear);
  }

  /** Does `work` when all that came before is done. */
  after(work) {
    this.#tail = this.#tail.then(work).catch((error) => console.error("sightdesk:", error));
    return this.#tail;
  }

  /** An event to the host; nowhere, while there is none. Its id. */
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
 * Where to say `ready` before any token has named the host: what embed.js wrote into the fragment, else what the
 * browser says. Only an address: the browser delivers to nobody else, and authority comes from the token alone.
 */
export function likelyHost(window, hint) {
  for (const url of [hint, window.location.ancestorOrigins?.[0], window.document.referrer]) {
    try {
      const { origin } = new URL(url);
      if (origin !== "null") return origin;
    } catch { /* the next one may be an address */ }
  }
  return null;
}
