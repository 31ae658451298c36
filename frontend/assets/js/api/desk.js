// The gateway's routes. Every failure is a DeskError with the contract's code; "network" and "cut" are the page's own.
import { EventParser } from "../lib/sse.js";

export class DeskError extends Error {
  constructor(code, message, retryAfter = 0) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export class Desk {
  #token;
  #fetch;

  constructor({ token = "", fetch = globalThis.fetch.bind(globalThis) } = {}) {
    this.#token = token;
    this.#fetch = fetch;
  }

  /** A fresh token in place of one that expires. */
  set token(token) {
    this.#token = token;
  }

  config() {
    return this.#json("/api/config");
  }

  upload(file) {
    const form = new FormData();
    form.append("file", file, file.name || "picture.png");
    return this.#json("/api/files", { method: "POST", body: form });
  }

  stop(answer) {
    return this.#request(`/api/chat/${encodeURIComponent(answer)}/stop`, { method: "POST" });
  }

  /** Events of an answer as objects; ends after [DONE], throws DeskError on anything else. */
  async *ask(body, signal) {
    const init = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" }, signal };
    const response = await this.#request("/api/chat", init);
    yield* eventsOf(response, signal);
  }

  async #json(path, init) {
    return (await this.#request(path, init)).json();
  }

  async #request(path, init = {}) {
    const headers = { ...init.headers, ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}) };
    let response;
    try {
      // A token says all: the cookies of whoever else is signed in at this browser stay out of it.
      response = await this.#fetch(path, { ...init, headers, credentials: this.#token ? "omit" : "same-origin" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new DeskError("network", "network");
    }
    if (!response.ok) throw await failureOf(response);
    return response;
  }
}

export async function* eventsOf(response, signal) {
  const parser = new EventParser();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new DeskError("cut", "cut");
      for (const data of parser.push(value)) {
        if (data === "[DONE]") return;
        const event = JSON.parse(data);
        if (event.error) throw new DeskError(event.error.code ?? "other", event.error.message ?? "");
        yield event;
      }
    }
  } catch (error) {
    if (error instanceof DeskError || error.name === "AbortError" || signal?.aborted) throw error;
    throw new DeskError("cut", "cut");
  } finally {
    reader.cancel().catch(() => {});
  }
}

export async function failureOf(response) {
  const retryAfter = Number(response.headers.get("retry-after")) || 0;
  try {
    const { error } = await response.json();
    return new DeskError(error.code, error.message, retryAfter);
  } catch {
    const code = { 401: "invalid_api_key", 413: "body_too_large", 429: "rate_limit_exceeded", 503: "upstream_unavailable", 504: "upstream_timeout" }[response.status];
    return new DeskError(code ?? "other", `HTTP ${response.status}`, retryAfter);
  }
}
