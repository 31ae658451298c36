// Server-sent events from bytes (WHATWG HTML, 9.2.6), and an event stream that reconnects.
// Only CR and LF end a line here: U+2028 is text.
export class EventParser {
  #decoder = new TextDecoder();
  #buffer = "";
  /** The id of the last event that had one: `Last-Event-ID` continues behind it. */
  lastId = "";

  /** The data of every event that these bytes complete. */
  push(bytes) {
    this.#buffer += this.#decoder.decode(bytes, { stream: true });
    // Over the whole buffer, since a CR and its LF may come in different chunks.
    const events = this.#buffer.replaceAll("\r\n", "\n").split("\n\n");
    this.#buffer = events.pop();
    this.lastId = events.map((event) => fieldOf(event, "id")).findLast(Boolean) ?? this.lastId;
    return events.map((event) => fieldOf(event, "data")).filter((data) => data !== "");
  }
}

function fieldOf(event, name) {
  const lines = event.split("\n").filter((line) => line.startsWith(`${name}:`));
  return lines.map((line) => line.slice(name.length + 1).replace(/^ /, "")).join("\n");
}

const RETRY_AFTER_MS = [300, 1000, 2500];
const BROKEN = ["cut", "silent"];
const STAYS_BROKEN = ["not_found", "network", "silent"];

/**
 * The events of an answer. A stream that breaks or falls silent is resumed at the next event.
 * `open(signal)` opens the stream; `resume(from, signal)` opens it at event number `from`, or
 * returns nothing where that is impossible; `onRetry()` is called before each attempt. Errors have
 * a `code`: "cut" where the stream cannot be resumed.
 */
export async function* reconnecting({ open, resume, signal, onRetry }) {
  let seen = 0;
  let tries = 0;
  for (let stream = open(signal); ;) {
    try {
      for await (const event of stream) {
        seen += 1;
        tries = 0;
        yield event;
      }
      return;
    } catch (error) {
      const isBroken = BROKEN.includes(error.code) || (error.code === "network" && seen > 0);
      const mayRetry = isBroken && !signal.aborted && tries < RETRY_AFTER_MS.length;
      const next = mayRetry && resume(seen, signal);
      if (!next) throw tries ? asCut(error) : error;
      onRetry();
      await pause(RETRY_AFTER_MS[tries++], signal);
      stream = next;
    }
  }
}

/** For the reader an answer broke off, whether it is gone or the line stays down. */
function asCut(error) {
  if (!STAYS_BROKEN.includes(error.code)) return error;
  return Object.assign(new Error("cut"), { code: "cut" });
}

/** Waits. Rejects with an AbortError where `signal` aborts. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    const abort = () => {
      clearTimeout(timer);
      reject(new DOMException("aborted", "AbortError"));
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}
