import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mask, maskValue } from "../../../frontend/assets/js/lib/mask.js";

test("the browser masks exactly what the gateway masks", () => {
  const cases = JSON.parse(
    readFileSync(new URL("../../data/redaction_cases.json", import.meta.url), "utf8"),
  );
  for (const [text, stored] of cases) assert.equal(mask(text), stored, text);
  assert.ok(cases.length > 40);
});

test("the browser masks the value of a field as the gateway does", () => {
  const cases = JSON.parse(
    readFileSync(new URL("../../data/redaction_values.json", import.meta.url), "utf8"),
  );
  for (const [name, value, stored] of cases) assert.equal(maskValue(name, value), stored, value);
  assert.ok(cases.length > 10);
});
