// Server-sent events from bytes (WHATWG HTML, 9.2.6), and over lines that break. Only CR and LF end a line: U+2028 is text.
export class EventParser {
  #decoder = new TextDecoder();
  #buffer = "";

  /** The data of every event completed by these bytes. */
  push(bytes) {
    // The whole rest again: a CR may have come with the bytes before its LF.
    this.#buffer = (this.#buffer + this.#decoder.decode(bytes, { stream: true })).replaceAll("\r\n", "\n");
    const events = this.#buffer.split("\n\n");
    this.#buffer = events.pop();
    return events.map(dataOf).filter((data) => data !== "");
  }
}

function dataOf(event) {
  return event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}

const RETRIES_AFTER_CUT_MS = [300, 1000, 2500];

/**
 * The events of an answer over a line that may break or fall silent: it is resumed at the next event. `open(signal)` opens the
 * first line, `resume(from, signal)` one from event number `from`, or returns null where there is nothing to resume;
 * `again()` is called before each resumption. Errors carry a `code`; "cut" where the line stays down.
 */
export async function* unbroken({ open, resume, signal, again }) {
  let seen = 0;
  let tries = 0;
  for (let line = open(signal); ; ) {
    try {
      for await (const event of line) {
        seen += 1;
        tries = 0;
        yield event;
      }
      return;
    } catch (error) {
      const broken = ["cut", "silent"].includes(error.code) || (error.code === "network" && seen > 0);
      const next = broken && !signal.aborted && tries < RETRIES_AFTER_CUT_MS.length && resume(seen, signal);
      if (!next) throw tries ? asCut(error) : error;
      again();
      await pause(RETRIES_AFTER_CUT_MS[tries++], signal);
      line = next;
    }
  }
}

// An answer that ended while we were away, or a line that stays down: for the reader, the answer broke off.
const asCut = (error) => (["not_found", "network", "silent"].includes(error.code) ? Object.assign(new Error("cut"), { code: "cut" }) : error);

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(new DOMException("aborted", "AbortError")); }, { once: true });
  });
}
