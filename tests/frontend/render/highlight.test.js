import assert from "node:assert/strict";
import { test } from "node:test";
import { searchTerms } from "../../../frontend/assets/js/render/highlight.js";

test("common words are not marked in a clause", () => {
  assert.deepEqual(searchTerms("What error is this, and how do I fix PAY-4031? 退货"), [
    "error",
    "fix",
    "PAY-4031",
    "退货",
  ]);
});
