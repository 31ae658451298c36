// Server-sent events from bytes (WHATWG HTML, 9.2.6). Only CR and LF end a line: U+2028 is text.
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
