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

test("a line separator inside the text does not end a line", () => {
  assert.deepEqual(new EventParser().push(bytes("data: a\u2028b\n\n")), ["a\u2028b"]);
});
