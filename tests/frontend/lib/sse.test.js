import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../../../frontend/assets/js/lib/sse.js";

const bytes = (text) => new TextEncoder().encode(text);

test("events come out whole however the bytes are cut", () => {
  const all = bytes('data: {"a":"退货"}\n\n: comment\n\ndata: two\r\n\r\ndata: [DONE]\n\n');
  const parser = new EventParser();
  const events = [];
  for (const byte of all) events.push(...parser.push(Uint8Array.of(byte)));
  assert.deepEqual(events, ['{"a":"退货"}', "two", "[DONE]"]);
});

test("the id of the last event is kept", () => {
  const parser = new EventParser();
  parser.push(bytes("id: 7\nevent: action.done\ndata: a\n\ndata: b\n\nid: 8\nda"));
  assert.equal(parser.lastId, "7");
  assert.deepEqual(parser.push(bytes("ta: c\n\n")), ["c"]);
  assert.equal(parser.lastId, "8");
  parser.push(bytes("data: a\u2028id: 9\n\n"));
  assert.equal(parser.lastId, "8");
});

test("a line separator inside the text does not end a line", () => {
  assert.deepEqual(new EventParser().push(bytes("data: a\u2028b\n\n")), ["a\u2028b"]);
});
