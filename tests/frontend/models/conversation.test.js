import assert from "node:assert/strict";
import { test } from "node:test";
import {
  apply,
  fromServer,
  isToldTwice,
  merged,
  readingsFor,
  toMessages,
  toRequest,
} from "../../../frontend/assets/js/models/conversation.js";

test("messages carry file ids and never pictures, and failed answers stay out", () => {
  const turns = [
    { role: "user", text: "a", files: [{ id: "file-1" }] },
    { role: "assistant", text: "" },
    { role: "user", text: "b" },
  ];
  assert.deepEqual(toMessages(turns), [
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "file", file: { file_id: "file-1" } },
      ],
    },
    { role: "user", content: "b" },
  ]);
});

test("what staff have written is sent under their name", () => {
  const turns = [
    { role: "user", text: "a" },
    { role: "staff", text: "I am here.", author: "anna" },
    { role: "user", text: "b" },
  ];
  const written = { role: "assistant", name: "staff", content: "I am here." };
  assert.deepEqual(toMessages(turns)[1], written);
});

test("a request carries what the person has put right", () => {
  const conversation = { id: "c", turns: [{ role: "user", text: "a" }] };
  const corrections = [{ image: "file-1", name: "amount", value: "2", was: "1" }];
  assert.deepEqual(toRequest(conversation, Infinity, { corrections }).corrections, corrections);
  assert.equal("corrections" in toRequest(conversation, Infinity, { corrections: [] }), false);
});

test("events tell how the answer was judged, and history the same", () => {
  const told = {
    suggestions: [{ id: "a", title: "T", clause: "1" }],
    grounding: { supported: false, unsupported: ["30"] },
    outcome: "clarify",
  };
  const turn = { role: "assistant", text: "" };
  apply(turn, { choices: [], sightdesk: told });
  const message = { id: "m", role: "assistant", text: "", state: "done", ...told };
  const [kept] = fromServer({ id: "c", title: "", messages: [message] }).turns;
  for (const one of [turn, kept]) {
    const { suggestions, grounding, outcome } = one;
    assert.deepEqual({ suggestions, grounding, outcome }, told);
  }
});

test("events fill the turn", () => {
  const turn = { role: "assistant", text: "" };
  apply(turn, {
    choices: [],
    sightdesk: { answer: { id: "answer-1" }, citations: [{ id: "c" }], degraded: true },
  });
  apply(turn, { choices: [{ delta: { content: "你好" } }] });
  assert.deepEqual(turn, {
    role: "assistant",
    text: "你好",
    answer: "answer-1",
    citations: [{ id: "c" }],
    degraded: true,
  });
});

test("what is read is kept with its place and without the picture's lines", () => {
  const turn = { role: "assistant", text: "" };
  const field = { name: "order_number", value: "QH1", box: [1, 2, 3, 4] };
  apply(turn, {
    sightdesk: {
      reading: [
        { image: "file-1", width: 10, height: 20, lines: [{ text: "secret" }], fields: [field] },
        { image: "file-0", width: 1, height: 1, lines: [], fields: [field] },
      ],
    },
  });
  assert.equal(JSON.stringify(turn).includes("secret"), false);
  // Only the pictures of this question: an earlier one was shown with its own.
  assert.deepEqual(readingsFor(turn, { files: [{ id: "file-1" }] }), [
    { image: "file-1", width: 10, height: 20, fields: [field] },
  ]);
});

test("two tabs' turns of one conversation are merged, and removed turns stay away", () => {
  const mine = [
    { id: "1", at: 1 },
    { id: "4", at: 4 },
  ];
  const theirs = [
    { id: "1", at: 1 },
    { id: "2", at: 2 },
    { id: "3", at: 3 },
  ];
  assert.deepEqual(
    merged(mine, theirs, new Set(["3"])).map((turn) => turn.id),
    ["1", "2", "4"],
  );
});

test("a conversation of the server becomes the page's own", () => {
  const { turns } = fromServer({
    id: "c",
    title: "t",
    messages: [
      {
        id: "t1",
        role: "user",
        text: "a",
        files: [{ id: "file-1", filename: "a.png", content_type: "image/png", pages: 1 }],
      },
      {
        id: "answer-1",
        role: "assistant",
        text: "b",
        citations: [{ id: "x" }],
        reading: [],
        degraded: false,
        state: "writing",
        rating: "up",
        reason: null,
      },
    ],
  });
  assert.deepEqual(turns[0].files, [
    { id: "file-1", name: "a.png", type: "image/png", size: undefined, pages: 1 },
  ]);
  assert.equal(turns[1].writing, true);
  assert.equal(turns[1].answer, "answer-1");
});

test("a request has no more text than allowed, and no roles but user and assistant", () => {
  const turns = Array.from({ length: 20 }, (_, number) => ({
    id: String(number),
    role: number % 2 ? "assistant" : "user",
    text: "x".repeat(100),
  }));
  const size = (messages) => messages.reduce((sum, { content }) => sum + content.length, 0);
  const messages = toMessages([...turns, { id: "q", role: "user", text: "now" }], 450);
  assert.deepEqual(
    [messages.at(-1).content, messages[0].role, size(messages)],
    ["now", "user", 403],
  );
  assert.deepEqual(new Set(messages.map(({ role }) => role)), new Set(["user", "assistant"]));
  assert.equal(
    toMessages([...turns, { id: "q", role: "user", text: "y".repeat(900) }], 450).length,
    1,
  ); // the gateway says that it is too long
});

test("a partial reading is still marked after a reload", () => {
  const turn = { role: "assistant", text: "" };
  apply(turn, {
    sightdesk: { reading: [{ image: "file-1", width: 1, height: 1, partial: true, fields: [] }] },
  });
  assert.equal(readingsFor(turn, { files: [{ id: "file-1" }] })[0].partial, true);
});

test("a parcel's newest scan is no second status of it", () => {
  const scan = { name: "event", value: "11-23 08:05 left the hub" };
  const fields = [
    scan,
    { name: "status", value: "left the hub" },
    { name: "status", value: "sent" },
  ];
  assert.deepEqual(
    fields.filter((one) => !isToldTwice(one, fields)),
    [scan, { name: "status", value: "sent" }],
  );
});
