import assert from "node:assert/strict";
import { test } from "node:test";
import { reportSession } from "../../../frontend/assets/js/host/session-events.js";

test("the session's events reach the host as the contract describes them", () => {
  const session = Object.assign(new EventTarget(), { conversation: { id: "c1", turns: [] } });
  const told = [];
  reportSession(session, (type, payload) => told.push([type, payload]));
  const say = (type, detail) => session.dispatchEvent(new CustomEvent(type, { detail }));
  const { conversation } = session;
  const turn = { text: "t", answer: "answer-1", citations: [{ id: "x" }], fields: [] };
  const reply = {
    conversationId: "c1",
    answerId: "answer-1",
    text: "t",
    citations: [{ id: "x" }],
    fields: [],
  };
  say("asked", { conversation, turn: { text: "q" } });
  say("answered", { conversation, turn });
  say("asked", { conversation, turn: { text: "q2" } });
  say("insert", { conversation, turn: { ...turn, text: "**t**" }, as: "reply" });
  say("failed", { conversation, turn, error: { code: "network", message: "gone" } });
  say("feedback", { conversation, answer: "answer-1", rating: "up" });
  say("handoff", { conversation, handoff: { id: "h", number: 4821, note: "soon" } });
  say("handoffChanged", { conversation, notice: { handoff: "h", cause: "requested" } });
  const claimed = { handoff: "h", status: "claimed", assignee: "Li", cause: "claimed" };
  say("handoffChanged", { conversation, notice: claimed });
  say("said", { conversation, turn: { role: "staff", author: "Li", text: "Hello" } });
  say("said", { conversation, turn: { role: "user", text: "Hi" } });
  say("action", { conversation, action: { id: "a", status: "done" } });
  session.conversation = { id: "c2", turns: [{ role: "user" }] };
  say("opened", { conversation: session.conversation });
  say("asked", { conversation: session.conversation, turn: { text: "q3" } });
  say("answered", { conversation, turn }); // of the one that was left
  assert.deepEqual(told, [
    ["conversation-started", { conversationId: "c1" }],
    ["message-sent", { conversationId: "c1", text: "q" }],
    ["message-completed", reply],
    ["message-sent", { conversationId: "c1", text: "q2" }],
    ["insert-reply", { ...reply, as: "reply" }],
    ["failed", { code: "network", message: "gone" }],
    ["feedback", { answerId: "answer-1", rating: "up" }],
    ["handoff-requested", { conversationId: "c1", handoffId: "h", number: 4821, note: "soon" }],
    [
      "handoff-changed",
      { conversationId: "c1", handoffId: "h", status: "claimed", assignee: "Li" },
    ],
    ["handoff-message", { conversationId: "c1", author: "Li", text: "Hello" }],
    ["action-changed", { conversationId: "c1", action: { id: "a", status: "done" } }],
    ["message-sent", { conversationId: "c2", text: "q3" }],
    ["message-completed", reply],
  ]);
});
