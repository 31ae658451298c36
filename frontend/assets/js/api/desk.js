// The gateway's routes. Every failure is a DeskError with the contract's code and details; "network", "cut" and "silent" are
// the page's own codes.
import { EventParser } from "../lib/sse.js";

const MAX_PICTURES = 200;
const SILENCE_MS = 25_000; // the gateway sends a keep-alive every 10 s

export class DeskError extends Error {
  /**
   * `details`: the contract's numbers and names. `request`: the id under which the gateway's log has it. `retryAfter`: seconds.
   * `part`: the route's first word after /api/.
   */
  constructor(code, message, { details = {}, request = "", retryAfter = 0, part = "" } = {}) {
    super(message);
    Object.assign(this, { code, details, request, retryAfter, part });
  }
}

export class Desk {
  #token;
  #fetch;
  #silenceMs;
  #pictures = new Map(); // promises of URLs

  constructor({ token = "", fetch = (...given) => globalThis.fetch(...given), silenceMs = SILENCE_MS } = {}) {
    this.#token = token;
    this.#fetch = fetch;
    this.#silenceMs = silenceMs;
  }

  /** A fresh token in place of one that expires. */
  set token(token) {
    this.#token = token;
  }

  config() {
    return this.#json("/api/config");
  }

  /** The stored file; `sent(fraction)` is told while bytes go out. XMLHttpRequest, because fetch tells no progress. */
  upload(file, { sent = () => {}, signal } = {}) {
    const form = new FormData();
    form.append("file", file, file.name || "picture.png");
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", "/api/files");
      for (const [name, value] of Object.entries(this.#authorization())) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => event.lengthComputable && sent(event.loaded / event.total);
      request.onload = () => {
        if (request.status >= 300) return reject(failureIn("/api/files", request.status, request.responseText, (name) => request.getResponseHeader(name)));
        try {
          resolve(JSON.parse(request.responseText));
        } catch {
          reject(new DeskError("network", "network")); // the line broke in the answer
        }
      };
      request.onerror = () => reject(new DeskError("network", "network"));
      request.onabort = () => reject(new DOMException("aborted", "AbortError"));
      signal?.addEventListener("abort", () => request.abort());
      request.send(form);
    });
  }

  removeFile(id) {
    return this.#json(`/api/files/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  /** What the reader found in a file: a Reading for each of its pages. */
  async reading(id) {
    return (await this.#json(`/api/files/${encodeURIComponent(id)}/reading`)).data;
  }

  /**
   * Where an <img> finds a file's picture, fetched once; one with a token has to fetch it, since an <img> sends no token.
   * `page`: drawn by the gateway, for what browsers do not draw.
   */
  pictureUrl(id, page = 0) {
    const url = this.#pictures.get(`${id}/${page}`) ?? this.#urlOf(id, page);
    this.#keepPicture(`${id}/${page}`, url);
    url.catch(() => this.#pictures.delete(`${id}/${page}`));
    return url;
  }

  /** The object URL of a picture that came from here: it is not fetched, and is the desk's to revoke. */
  keepPicture(id, url) {
    this.#keepPicture(`${id}/0`, Promise.resolve(url));
  }

  async #urlOf(id, page) {
    const path = `/api/files/${encodeURIComponent(id)}/${page ? `preview?page=${page}` : "content"}`;
    return this.#token ? URL.createObjectURL(await (await this.#request(path)).blob()) : path;
  }

  /** The one that was asked for last is at the end; the browser's copy of the first is given back when there are too many. */
  #keepPicture(key, url) {
    this.#pictures.delete(key);
    this.#pictures.set(key, url);
    if (this.#pictures.size <= MAX_PICTURES) return;
    const [[oldest, gone]] = this.#pictures;
    this.#pictures.delete(oldest);
    gone.then((one) => one.startsWith("blob:") && URL.revokeObjectURL(one), () => {});
  }

  stop(answer) {
    return this.#request(`/api/chat/${encodeURIComponent(answer)}/stop`, { method: "POST" });
  }

  /** Events of an answer as objects; ends after [DONE], throws DeskError on anything else. */
  ask(body, signal) {
    return this.#events("/api/chat", asJson("POST", body), signal);
  }

  /** The same answer again from event number `from`, while it lives. */
  resume(answer, from, signal) {
    return this.#events(`/api/chat/${encodeURIComponent(answer)}?from=${from}`, {}, signal);
  }

  conversations({ query = "", before = "", limit = 50 } = {}) {
    const wanted = new URLSearchParams({ limit, ...(query && { query }), ...(before && { before }) });
    return this.#json(`/api/conversations?${wanted}`);
  }

  conversation(id) {
    return this.#json(`/api/conversations/${encodeURIComponent(id)}`);
  }

  rename(id, title) {
    return this.#json(`/api/conversations/${encodeURIComponent(id)}`, asJson("PATCH", { title }));
  }

  removeConversation(id) {
    return this.#json(`/api/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  rate(answer, rating, reason) {
    return this.#json("/api/feedback", asJson("POST", { answer, rating, ...(reason && { reason }) }));
  }

  handOff(conversation, note) {
    return this.#json("/api/handoff", asJson("POST", { conversation_id: conversation, ...(note && { note }) }));
  }

  /** "silent" where nothing at all is heard for SILENCE_MS: a line may be dead without being closed. */
  async *#events(path, init, signal) {
    const line = new AbortController();
    const hangUp = () => line.abort();
    signal?.addEventListener("abort", hangUp);
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(hangUp, this.#silenceMs);
    };
    try {
      heard();
      const response = await this.#request(path, { ...init, signal: line.signal });
      yield* eventsOf(response, heard);
    } catch (error) {
      throw line.signal.aborted && !signal?.aborted ? new DeskError("silent", "silent") : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", hangUp);
    }
  }

  #authorization() {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  async #json(path, init) {
    return (await this.#request(path, init)).json();
  }

  async #request(path, init = {}) {
    const headers = { ...init.headers, ...this.#authorization() };
    let response;
    try {
      // A token says all: the cookies of whoever else is signed in at this browser stay out of it.
      response = await this.#fetch(path, { ...init, headers, credentials: this.#token ? "omit" : "same-origin" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new DeskError("network", "network");
    }
    if (!response.ok) throw failureIn(path, response.status, await response.text().catch(() => ""), (name) => response.headers.get(name));
    return response;
  }
}

const asJson = (method, body) => ({ method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });

/** `heard()` is told of every sign of life, comments too. */
export async function* eventsOf(response, heard = () => {}) {
  const parser = new EventParser();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      heard();
      if (done) throw new DeskError("cut", "cut");
      for (const data of parser.push(value)) {
        if (data === "[DONE]") return;
        const event = JSON.parse(data);
        if (event.error) throw errorOf(event.error, { request: response.headers.get("x-request-id") ?? "", retryAfter: event.sightdesk?.retry_after });
        yield event;
      }
    }
  } catch (error) {
    if (error instanceof DeskError || error.name === "AbortError") throw error;
    throw new DeskError("cut", "cut");
  } finally {
    reader.cancel().catch(() => {});
  }
}

const BY_STATUS = { 401: "invalid_api_key", 413: "body_too_large", 429: "rate_limit_exceeded", 503: "upstream_unavailable", 504: "upstream_timeout" };

function failureIn(path, status, body, header) {
  const more = { part: path.split(/[/?]/)[2], request: header("x-request-id") ?? "", retryAfter: Number(header("retry-after")) || 0 };
  try {
    return errorOf(JSON.parse(body).error, more);
  } catch {
    return new DeskError(BY_STATUS[status] ?? "other", `HTTP ${status}`, more);
  }
}

/** A body's `error`. Whatever stands between us and the gateway may write another form of it. */
function errorOf({ code, message, details }, { retryAfter, ...more }) {
  const known = typeof details === "object" && details !== null ? details : {};
  const seconds = retryAfter || Number(known.retry_after) || 0;
  return new DeskError(typeof code === "string" ? code : "other", String(message ?? ""), { ...more, details: known, retryAfter: seconds });
}
