import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../frontend/assets/js/api/client.js";
import { Actions } from "../../../frontend/assets/js/state/actions.js";
import { impatientClient, serving, soon } from "../support.js";

const PROPOSED = { id: "a", status: "proposed", by: "customer", expires_at: 1e10, arguments: {} };

/** A session that shows one conversation with one action. `told` collects its events. */
function sessionWith(action = PROPOSED) {
  const turns = [
    { id: "q", role: "user", text: "q" },
    { id: "x", role: "assistant", text: "x", actions: [action] },
  ];
  const session = Object.assign(new EventTarget(), { conversation: { id: "c1", turns } });
  const told = [];
  session.addEventListener("action", ({ detail }) => told.push(detail.action.status));
  session.addEventListener("noticed", ({ detail }) => told.push(detail.turn.text));
  return { session, told, now: () => session.conversation.turns[1].actions[0].status };
}

const stored = (status, ...notices) => ({
  id: "c1",
  title: "",
  messages: [
    { id: "x", role: "assistant", text: "x", actions: [{ ...PROPOSED, status }] },
    ...notices.map((text) => ({ id: text, role: "assistant", text, notice: { status } })),
  ],
});

test("a word is sent once, however often it is given", async () => {
  const sent = [];
  const api = {
    async decide(id, decision) {
      sent.push(`${id}/${decision}`);
      await soon();
      return { ...PROPOSED, status: "confirmed" };
    },
  };
  const { session, told } = sessionWith();
  const actions = new Actions(session, api);
  const [first, second] = [actions.decide("a", "confirm"), actions.decide("a", "cancel")];
  assert.equal(actions.isSending("a"), true);
  assert.deepEqual(await Promise.all([first, second]), [null, null]);
  assert.equal(actions.isSending("a"), false);
  assert.deepEqual(sent, ["a/confirm"]);
  assert.deepEqual(told, ["confirmed"]);
});

test("a word that came too late brings the state as it is", async () => {
  const api = {
    decide: () => Promise.reject(new ApiError("action_not_pending")),
    action: async () => ({ ...PROPOSED, status: "cancelled" }),
    conversation: async () => stored("cancelled"),
  };
  const { session, now } = sessionWith();
  const error = await new Actions(session, api).decide("a", "confirm");
  assert.equal(error.code, "action_not_pending");
  assert.equal(now(), "cancelled");
});

test("a word that did not arrive changes nothing", async () => {
  const api = { decide: () => Promise.reject(new ApiError("network")) };
  const { session, told, now } = sessionWith();
  const error = await new Actions(session, api).decide("a", "confirm");
  assert.equal(error.code, "network");
  assert.deepEqual([now(), told], ["proposed", []]);
});

/** A gateway with one conversation; `streams` collects the Last-Event-ID of each stream. */
async function gateway(first) {
  const streams = [];
  const desk = { stored: first, streams, open: null };
  const server = await serving((request, response) => {
    if (!request.url.endsWith("/events")) return response.end(JSON.stringify(desk.stored));
    streams.push(request.headers["last-event-id"]);
    request.on("close", () => (desk.open = null));
    desk.open = response;
    response.write(": open\n\n");
  });
  desk.tell = (number, status) => {
    const data = JSON.stringify({ action: { ...PROPOSED, status } });
    desk.open.write(`id: ${number}\nevent: action.${status}\ndata: ${data}\n\n`);
  };
  return Object.assign(desk, { api: impatientClient(server.url), close: server.close });
}

async function until(isTrue) {
  for (let tries = 0; tries < 500 && !isTrue(); tries += 1) await soon();
  assert.ok(isTrue());
}

test("an open action is followed to its end, and its notice is taken over once", async () => {
  const desk = await gateway(stored("proposed"));
  const { session, told } = sessionWith();
  const actions = new Actions(session, desk.api);
  actions.look(true);
  await until(() => desk.open);
  desk.tell(7, "running");
  await until(() => told.length === 1);
  desk.stored = stored("done", "It is done.");
  desk.tell(8, "done");
  await until(() => told.length === 3);
  assert.deepEqual(told, ["running", "done", "It is done."]);
  await until(() => !desk.open); // nothing is open any more
  assert.deepEqual(desk.streams, [undefined]);
  desk.close();
});

test("what changed before the stream was open is caught up", async () => {
  const desk = await gateway(stored("done", "It is done."));
  const { session, told } = sessionWith();
  new Actions(session, desk.api).look(true);
  await until(() => told.length === 2);
  assert.deepEqual(told.sort(), ["It is done.", "done"]);
  desk.close();
});

test("a stream that breaks goes on behind its last event", async () => {
  const desk = await gateway(stored("proposed"));
  const { session, now } = sessionWith();
  const actions = new Actions(session, desk.api);
  actions.look(true);
  await until(() => desk.open);
  desk.tell(7, "running");
  await until(() => now() === "running");
  desk.open.destroy();
  await until(() => desk.streams.length === 2 && desk.open);
  assert.equal(desk.streams[1], "7");
  actions.look(false); // a hidden tab gives its connection back
  await until(() => !desk.open);
  desk.close();
});

test("a conversation without an open action is not followed", async () => {
  const desk = await gateway(stored("done"));
  const { session } = sessionWith({ ...PROPOSED, status: "done" });
  new Actions(session, desk.api).look(true);
  await soon();
  assert.deepEqual(desk.streams, []);
  desk.close();
});
