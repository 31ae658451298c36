import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mask } from "../../../frontend/assets/js/lib/mask.js";

test("the browser masks exactly what the gateway masks", () => {
  const cases = JSON.parse(
    readFileSync(new URL("../../data/redaction_cases.json", import.meta.url), "utf8"),
  );
  for (const [text, stored] of cases) assert.equal(mask(text), stored, text);
  assert.ok(cases.length > 40);
});
