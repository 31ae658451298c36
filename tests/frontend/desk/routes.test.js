import assert from "node:assert/strict";
import { test } from "node:test";
import { fileUrl, pathOf } from "../../../frontend/assets/js/desk/lib/addresses.js";
import { hashOf, parseRoute } from "../../../frontend/assets/js/desk/lib/routes.js";

test("a route is read from the fragment that names it", () => {
  const hash = hashOf("inbox", ["mine", "handoff-1/2"], { query: "退货 运费", empty: "" });
  assert.deepEqual(parseRoute(hash), {
    view: "inbox",
    parts: ["mine", "handoff-1/2"],
    query: { query: "退货 运费" },
  });
});

test("whatever else stands in the address leads to the inbox", () => {
  for (const hash of ["", "#", "#/nothing", "#view", "#/__proto__", "#//"]) {
    assert.equal(parseRoute(hash).view, "inbox", hash);
  }
  assert.deepEqual(parseRoute("#/system/%E0%A4%A").parts, ["%E0%A4%A"]);
});

test("names in an address cannot leave their place", () => {
  assert.equal(fileUrl("a/../b", "f?x"), "/api/desk/conversations/a%2F..%2Fb/files/f%3Fx/content");
  assert.equal(pathOf("stats", { from: 1, to: undefined }), "/api/desk/stats?from=1");
});
