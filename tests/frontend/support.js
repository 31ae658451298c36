// What the tests of the page's modules share: a storage, and gateways that answer as a test needs.
import { createServer } from "node:http";
import { ApiClient, ApiError } from "../../frontend/assets/js/api/client.js";

/** localStorage's methods over a Map. */
export class MemoryStorage {
  kept = new Map();
  getItem = (key) => this.kept.get(key) ?? null;
  setItem = (key, value) => void this.kept.set(key, value);
  removeItem = (key) => void this.kept.delete(key);
}

export const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Rejects when `signal` aborts, as fetch does. */
function aborted(signal) {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
  });
}

/** An API that answers "half" and then nothing until it is stopped. */
export const silentApi = {
  stop: async () => {},
  async *ask(_body, signal) {
    yield { choices: [{ delta: { content: "half" } }] };
    await aborted(signal);
  },
};

/** An API whose answers wait after "half" until `goOn(conversation id)`. */
export function pacedApi() {
  const waiting = new Map();
  const api = {
    stop: async () => {},
    async *ask({ conversation_id: id }, signal) {
      const answer = { id: `answer-${id}` };
      yield { choices: [{ delta: { content: "half" } }], sightdesk: { answer } };
      const told = new Promise((resolve) => waiting.set(id, resolve));
      await Promise.race([told, aborted(signal)]);
      yield { choices: [{ delta: { content: " and the rest" } }] };
    },
  };
  return { api, goOn: (id) => waiting.get(id)() };
}

/** An API whose stream breaks after two of three events. `resumed` collects [answer, from]. */
export function breakingApi(resumed) {
  const events = ["你", "好", "吗"].map((content) => ({
    choices: [{ delta: { content } }],
    sightdesk: { answer: { id: "answer-1" } },
  }));
  return {
    async *ask() {
      yield* events.slice(0, 2);
      throw new ApiError("cut");
    },
    async *resume(answer, from) {
      resumed.push([answer, from]);
      yield* events.slice(from);
    },
  };
}

/** A server on a free port: {url, close}. */
export async function serving(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

/** An ApiClient of a server at `url` that calls 1.5 s without a byte silence. */
export function impatientClient(url) {
  return new ApiClient({ fetch: (path, init) => fetch(url + path, init), silenceMs: 1500 });
}

/** A server whose stream falls silent after one event and stays open; resuming gets the rest. */
export async function stallingServer() {
  const asked = [];
  const [first, second] = ["你", "好"].map((content) => {
    const extras = { answer: { id: "answer-1" } };
    return `data: ${JSON.stringify({ choices: [{ delta: { content } }], sightdesk: extras })}\n\n`;
  });
  const { url, close } = await serving((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "POST") response.write(first);
    else response.end(`${second}data: [DONE]\n\n`);
  });
  return { asked, api: impatientClient(url), close };
}
