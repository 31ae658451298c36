import assert from "node:assert/strict";
import { test } from "node:test";
import {
  REQUESTS,
  claimsOf,
  envelope,
  readRefusal,
  readRequest,
} from "../../../frontend/assets/js/host/protocol.js";
import { fileOf } from "../../../frontend/assets/js/lib/picture-file.js";

const PNG = "data:image/png;base64,iVBORw==";

const asked = (type, payload, more = {}) =>
  readRequest({ source: "sightdesk", version: 1, requestId: "r", type, payload, ...more });

test("messages of other protocols are ignored", () => {
  for (const data of [null, "text", 7, [], {}, { source: "react-devtools" }, { type: "init" }])
    assert.equal(readRequest(data), null);
  assert.equal(asked("ack", {}), null);
  assert.equal(asked("nack", {}), null);
});

test("a nack of the host is a refusal, and nothing else is one", () => {
  const nack = { ...envelope("nack", { reason: "no ticket" }, "r") };
  assert.deepEqual(readRefusal(nack), { requestId: "r", reason: "no ticket" });
  assert.equal(readRefusal(envelope("nack", { reason: "x".repeat(900) }, "r")).reason.length, 200);
  assert.equal(readRefusal(envelope("nack", { reason: { evil: 1 } }, "r")).reason, "");
  for (const data of [
    null,
    "nack",
    { type: "nack" },
    envelope("ack", {}, "r"),
    { ...nack, version: 2 },
    { ...nack, source: "other" },
  ])
    assert.equal(readRefusal(data), null);
});

test("a request that is refused keeps its id", () => {
  assert.deepEqual(asked("prefill", { text: "a" }), {
    type: "prefill",
    requestId: "r",
    payload: { text: "a" },
    refusal: null,
  });
  assert.equal(asked("prefill", { text: "a" }, { version: 2 }).refusal, "unsupported_version");
  assert.equal(
    asked("prefill", { text: "a" }, { version: undefined }).refusal,
    "unsupported_version",
  );
  for (const type of ["launch", "toString", "__proto__", undefined, {}])
    assert.equal(asked(type, {}).refusal, "unknown_type");
  assert.equal(asked("prefill", { text: "a" }, { requestId: { evil: 1 } }).requestId, null);
  assert.equal(asked("prefill", { text: "a" }, { requestId: 7 }).requestId, 7);
});

test("every request's payload is validated", () => {
  const good = {
    init: { token: "t", locale: "en", theme: "dark" },
    "set-user": { name: "Ann", avatar: PNG },
    "set-context": {
      messages: [{ role: "user", text: "a", images: [PNG, { name: "b", data: PNG }] }],
    },
    "set-locale": { locale: "zh-CN" },
    "set-theme": { theme: "auto" },
    prefill: { text: "" },
    ask: { images: [new Blob(["x"])] },
    "attach-image": { data: new Blob(["x"]) },
    "new-conversation": undefined,
    "open-menu": {},
    "open-conversation": { id: "c" },
  };
  const bad = {
    init: [
      {},
      { token: 1 },
      { token: " " },
      { token: "t", theme: "pink" },
      { token: "t".repeat(5000) },
    ],
    "set-user": [{}, { name: "a", avatar: "https://example.com/a.png" }, { name: "a".repeat(200) }],
    "set-context": [
      {},
      { messages: {} },
      { messages: [{ role: "system", text: "a" }] },
      { messages: [null] },
      { messages: Array(201).fill({ role: "user", text: "a" }) },
    ],
    "set-locale": [{}, { locale: "" }],
    "set-theme": [{}, { theme: "DARK" }],
    prefill: [{}, { text: "a".repeat(32_001) }],
    ask: [
      {},
      { text: " " },
      { text: "a", images: PNG },
      { text: "a", images: Array(17).fill(PNG) },
      { text: "a", images: ["javascript:alert(1)"] },
    ],
    "attach-image": [{}, { data: "data:text/html,<b>" }, { data: 7 }],
    "open-conversation": [{}, { id: "a".repeat(200) }],
  };
  assert.deepEqual(Object.keys(good).sort(), Object.keys(REQUESTS).sort());
  for (const [type, payload] of Object.entries(good))
    assert.equal(asked(type, payload).refusal, null, type);
  for (const [type, payloads] of Object.entries(bad))
    for (const payload of payloads)
      assert.equal(
        asked(type, payload).refusal,
        "invalid_payload",
        `${type} ${JSON.stringify(payload)?.slice(0, 80)}`,
      );
});

test("the envelope is the contract's", () => {
  assert.deepEqual(envelope("resize", { height: 3 }, "r"), {
    source: "sightdesk",
    version: 1,
    type: "resize",
    requestId: "r",
    payload: { height: 3 },
  });
});

test("a token's claims are its user and its exact origin", () => {
  const token = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  assert.deepEqual(
    claimsOf(token({ iss: "crm", sub: "李娜", origin: "https://CRM.example.com:443/" })),
    { user: "crm:李娜", origin: "https://crm.example.com" },
  );
  for (const wrong of [
    "",
    "a.b.c",
    "sk-key",
    token({ iss: "crm", sub: "li" }),
    token({ sub: "li", origin: "https://a.b" }),
    token({ iss: "crm", sub: "li", origin: "nowhere" }),
  ])
    assert.equal(claimsOf(wrong), null);
});

test("every form of a picture becomes a file", async () => {
  for (const image of [
    PNG,
    { name: "a.png", data: PNG },
    new Blob([new Uint8Array([0x89, 0x50, 0x4e, 0x47])], { type: "image/png" }),
  ]) {
    const file = fileOf(image);
    assert.equal(file.type, "image/png");
    assert.equal(file.name, image.name ?? "picture");
    assert.deepEqual([...new Uint8Array(await file.arrayBuffer())], [0x89, 0x50, 0x4e, 0x47]);
  }
});
