import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, ApiClient, eventsOf } from "../../../frontend/assets/js/api/client.js";

const streamOf = (...texts) => new Response(new Blob(texts).stream());

test("a stream without its end is cut, and an error event is that error", async () => {
  const read = async (response) => {
    for await (const _ of eventsOf(response));
  };
  await assert.rejects(read(streamOf('data: {"choices":[]}\n\n')), (error) => error.code === "cut");
  await assert.rejects(
    read(streamOf('data: {"error":{"code":"upstream_error","message":"m"}}\n\n')),
    (error) => error.code === "upstream_error",
  );
  await read(streamOf("data: [DONE]\n\n"));
});

test("a stream that fails says when to retry, as a refusal does in its header", async () => {
  const event = { error: { code: "queue_full", message: "m" }, sightdesk: { retry_after: 5 } };
  const read = async (response) => {
    for await (const _ of eventsOf(response));
  };
  await assert.rejects(
    read(streamOf(`data: ${JSON.stringify(event)}\n\n`)),
    (error) => error.retryAfter === 5,
  );
});

test("a server that cannot be reached is a network failure", async () => {
  const api = new ApiClient({ fetch: () => Promise.reject(new TypeError("failed")) });
  await assert.rejects(
    api.config(),
    (error) => error instanceof ApiError && error.code === "network",
  );
});

test("a refusal keeps its code and its Retry-After", async () => {
  const body = { error: { code: "rate_limit_exceeded", message: "m" } };
  const api = new ApiClient({
    fetch: async () => Response.json(body, { status: 429, headers: { "retry-after": "12" } }),
  });
  await assert.rejects(
    api.config(),
    (error) => error.code === "rate_limit_exceeded" && error.retryAfter === 12,
  );
});

test("a failure keeps its details, request and route, however damaged the body is", async () => {
  const failing = (body, status = 400) =>
    new ApiClient({
      fetch: async () => new Response(body, { status, headers: { "x-request-id": "req-7" } }),
    });
  const details = { limit: 8, size: 12 };
  await assert.rejects(
    failing(JSON.stringify({ error: { code: "too_many_images", message: "m", details } })).reading(
      "file-1",
    ),
    { code: "too_many_images", details, request: "req-7", part: "files" },
  );
  for (const body of [
    "<html>",
    "{}",
    '{"error": null}',
    '{"error": "busy"}',
    '{"error": {"code": 7, "details": "none"}}',
    "",
  ]) {
    await assert.rejects(
      failing(body, 418).config(),
      (error) => typeof error.code === "string" && Object.keys(error.details).length === 0,
    );
  }
});
