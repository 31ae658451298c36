// The gateway's routes. Every failure is an ApiError with the contract's code and details;
// "network", "cut" and "silent" are the page's own codes.
import { EventParser } from "../lib/sse.js";

const MAX_PICTURES = 200;
const SILENCE_MS = 25_000; // the gateway sends a keep-alive every 10 s

export class ApiError extends Error {
  /**
   * `details`: the contract's numbers and names. `request`: the id of the request in the gateway's
   * log. `retryAfter`: seconds. `part`: the route's first word after /api/.
   */
  constructor(code, message = code, more = {}) {
    super(message);
    const { details = {}, request = "", retryAfter = 0, part = "" } = more;
    Object.assign(this, { code, details, request, retryAfter, part });
  }
}

export class ApiClient {
  #token;
  #fetch;
  #silenceMs;
  #ahead = 0; // milliseconds that the gateway's clock is ahead of this one
  #pictures = new Map(); // promises of URLs, by `id/page`; the one asked for last at the end

  /** `token`: an embed token; without one the browser's own sign-in counts. */
  constructor({ token = "", fetch, silenceMs = SILENCE_MS } = {}) {
    this.#token = token;
    this.#fetch = fetch ?? ((...given) => globalThis.fetch(...given));
    this.#silenceMs = silenceMs;
  }

  set token(token) {
    this.#token = token;
  }

  config() {
    return this.json("/api/config");
  }

  /**
   * Uploads a file; resolves to the stored file. `sent(fraction)` reports progress, which is why
   * this uses XMLHttpRequest: fetch reports none.
   */
  upload(file, { sent = () => {}, signal } = {}) {
    const form = new FormData();
    form.append("file", file, file.name || "picture.png");
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", "/api/files");
      if (this.#token) request.setRequestHeader("authorization", `Bearer ${this.#token}`);
      request.upload.onprogress = ({ lengthComputable, loaded, total }) => {
        if (lengthComputable) sent(loaded / total);
      };
      request.onload = () => {
        const { status, responseText } = request;
        const header = (name) => request.getResponseHeader(name);
        if (status >= 300) return reject(failureIn("/api/files", status, responseText, header));
        try {
          resolve(JSON.parse(responseText));
        } catch {
          reject(new ApiError("network")); // the connection broke within the response
        }
      };
      request.onerror = () => reject(new ApiError("network"));
      request.onabort = () => reject(new DOMException("aborted", "AbortError"));
      signal?.addEventListener("abort", () => request.abort());
      request.send(form);
    });
  }

  removeFile(id) {
    return this.json(pathOf("files", id), { method: "DELETE" });
  }

  /** What was read in a file: a Reading for each of its pages. */
  async reading(id) {
    return (await this.json(`${pathOf("files", id)}/reading`)).data;
  }

  /**
   * Resolves to a URL for an <img>; a picture is fetched once. `page`: of the preview that the
   * gateway draws, for files that browsers do not draw; 0: the file itself.
   */
  pictureUrl(id, page = 0) {
    const key = `${id}/${page}`;
    const url = this.#pictures.get(key) ?? this.#urlOf(id, page);
    this.#remember(key, url);
    url.catch(() => this.#pictures.delete(key));
    return url;
  }

  /** Takes the object URL of an uploaded picture instead of fetching it; revokes it later. */
  keepPicture(id, url) {
    this.#remember(`${id}/0`, Promise.resolve(url));
  }

  async picture(id, page = 0) {
    return (await this.#request(picturePath(id, page))).blob();
  }

  async #urlOf(id, page) {
    return this.#token ? URL.createObjectURL(await this.picture(id, page)) : picturePath(id, page);
  }

  /** Beyond MAX_PICTURES the one that was asked for longest ago is revoked. */
  #remember(key, url) {
    this.#pictures.delete(key);
    this.#pictures.set(key, url);
    if (this.#pictures.size <= MAX_PICTURES) return;
    const [[oldest, gone]] = this.#pictures;
    this.#pictures.delete(oldest);
    const revoke = (one) => one.startsWith("blob:") && URL.revokeObjectURL(one);
    gone.then(revoke, () => {});
  }

  stop(answer) {
    return this.#request(`${pathOf("chat", answer)}/stop`, { method: "POST" });
  }

  /** The events of a new answer as objects; ends after [DONE], throws ApiError on anything else. */
  ask(body, signal) {
    return this.events("/api/chat", asJson("POST", body), signal);
  }

  /** The events of the same answer from number `from` on, while the gateway keeps them. */
  resume(answer, from, signal) {
    return this.events(`${pathOf("chat", answer)}?from=${from}`, {}, signal);
  }

  /** A page of summaries: {data, has_more}. `before`: the id behind which it begins. */
  conversations({ query = "", before = "", limit = 50 } = {}) {
    const wanted = { limit, ...(query && { query }), ...(before && { before }) };
    return this.json(`/api/conversations?${new URLSearchParams(wanted)}`);
  }

  conversation(id) {
    return this.json(pathOf("conversations", id));
  }

  rename(id, title) {
    return this.json(pathOf("conversations", id), asJson("PATCH", { title }));
  }

  removeConversation(id) {
    return this.json(pathOf("conversations", id), { method: "DELETE" });
  }

  rate(answer, rating, reason) {
    const body = { answer, rating, ...(reason && { reason }) };
    return this.json("/api/feedback", asJson("POST", body));
  }

  handOff(conversation, { note, contact }) {
    const more = { ...(note && { note }), ...(contact && { contact }) };
    const body = { conversation_id: conversation, ...more };
    return this.json("/api/handoff", asJson("POST", body));
  }

  /** The time in milliseconds since 1970 by the gateway's clock, as its last response told it. */
  now() {
    return Date.now() + this.#ahead;
  }

  action(id) {
    return this.json(pathOf("actions", id));
  }

  /** `decision`: "confirm" or "cancel". Resolves to the action as it is then. */
  decide(id, decision) {
    return this.json(`${pathOf("actions", id)}/${decision}`, asJson("POST", {}));
  }

  /** The events of a conversation from now on, or behind `position.id`, kept up to date. */
  follow(conversation, position, { onOpen, signal }) {
    const headers = position.id ? { "last-event-id": position.id } : {};
    const path = `${pathOf("conversations", conversation)}/events`;
    return this.events(path, { headers }, signal, { position, onOpen });
  }

  /** A route's events. Throws "silent" after SILENCE_MS without a byte: the connection is dead. */
  async *events(path, init, signal, { position, onOpen = () => {} } = {}) {
    const connection = new AbortController();
    const hangUp = () => connection.abort();
    signal?.addEventListener("abort", hangUp);
    let timer;
    const onBytes = () => {
      clearTimeout(timer);
      timer = setTimeout(hangUp, this.#silenceMs);
    };
    try {
      onBytes();
      const response = await this.#request(path, { ...init, signal: connection.signal });
      onOpen();
      yield* eventsOf(response, onBytes, position);
    } catch (error) {
      const isSilent = connection.signal.aborted && !signal?.aborted;
      throw isSilent ? new ApiError("silent") : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", hangUp);
    }
  }

  #authorization() {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  async json(path, init) {
    return (await this.#request(path, init)).json();
  }

  async #request(path, init = {}) {
    const headers = { ...init.headers, ...this.#authorization() };
    // With a token, the cookies of another person who is signed in to this browser stay out.
    const credentials = this.#token ? "omit" : "same-origin";
    let response;
    try {
      response = await this.#fetch(path, { ...init, headers, credentials });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError("network");
    }
    this.#ahead = (Date.parse(response.headers.get("date")) || Date.now()) - Date.now();
    if (response.ok) return response;
    const body = await response.text().catch(() => "");
    throw failureIn(path, response.status, body, (name) => response.headers.get(name));
  }
}

const pathOf = (part, id) => `/api/${part}/${encodeURIComponent(id)}`;
const picturePath = (id, page) =>
  `${pathOf("files", id)}/${page ? `preview?page=${page}` : "content"}`;

export function asJson(method, body) {
  const headers = { "content-type": "application/json" };
  return { method, body: JSON.stringify(body), headers };
}

/**
 * The events of a response. `onBytes()` is called for all bytes, keep-alive comments too.
 * `position.id` becomes the id of the last event that had one.
 */
export async function* eventsOf(response, onBytes = () => {}, position = {}) {
  const parser = new EventParser();
  const reader = response.body.getReader();
  const request = response.headers.get("x-request-id") ?? "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      onBytes();
      if (done) throw new ApiError("cut");
      const events = parser.push(value);
      position.id = parser.lastId || position.id;
      for (const data of events) {
        if (data === "[DONE]") return;
        const event = JSON.parse(data);
        const retryAfter = event.sightdesk?.retry_after;
        if (event.error) throw errorOf(event.error, { request, retryAfter });
        yield event;
      }
    }
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
    throw new ApiError("cut");
  } finally {
    reader.cancel().catch(() => {});
  }
}

const BY_STATUS = {
  401: "invalid_api_key",
  413: "body_too_large",
  429: "rate_limit_exceeded",
  503: "upstream_unavailable",
  504: "upstream_timeout",
};

/** The failure in a refused response; a proxy before the gateway may have written its own body. */
function failureIn(path, status, body, header) {
  const more = {
    part: path.split(/[/?]/)[2],
    request: header("x-request-id") ?? "",
    retryAfter: Number(header("retry-after")) || 0,
  };
  try {
    return errorOf(JSON.parse(body).error, more);
  } catch {
    return new ApiError(BY_STATUS[status] ?? "other", `HTTP ${status}`, more);
  }
}

/** The ApiError of a body's `error`, whatever form its members have. */
function errorOf({ code, message, details: given }, { retryAfter: fromHeader, ...more }) {
  const details = typeof given === "object" && given !== null ? given : {};
  const retryAfter = fromHeader || Number(details.retry_after) || 0;
  const known = typeof code === "string" ? code : "other";
  return new ApiError(known, String(message ?? ""), { ...more, details, retryAfter });
}
