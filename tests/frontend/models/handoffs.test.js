import assert from "node:assert/strict";
import { test } from "node:test";
import { addTexts, translator } from "../../../frontend/assets/js/lib/texts.js";
import { handoffTexts } from "../../../frontend/assets/js/lib/texts/handoffs.js";
import { asksForContact, noticeWords } from "../../../frontend/assets/js/models/handoffs.js";

addTexts(handoffTexts);
const text = translator("en");
const notice = (more) => ({ number: 4821, is_staffed: true, opens_at: null, ...more });

test("every step of a hand-over has words in both languages", () => {
  for (const cause of ["requested", "contact", "claimed", "released", "silent", "missed"]) {
    for (const words of [text, translator("zh-CN")]) {
      const { title, words: next } = noticeWords(notice({ cause, status: "open" }), words);
      assert.doesNotMatch(title + next, /_|\{/);
    }
  }
  for (const outcome of ["solved", "unsolved"]) {
    const ended = notice({ cause: "resolved", status: "resolved", outcome });
    assert.doesNotMatch(noticeWords(ended, text).words, /_/);
  }
});

test("outside of the service hours it is said when people are back", () => {
  const opensAt = Date.UTC(2026, 10, 30, 1) / 1000;
  const closed = { cause: "requested", status: "open", is_staffed: false, opens_at: opensAt };
  assert.match(noticeWords(notice(closed), text).words, /back .*Nov/);
  assert.match(noticeWords(notice({ ...closed, opens_at: null }), text).words, /not on duty/);
  const claimed = { ...closed, cause: "claimed", status: "claimed", assignee: "Li" };
  assert.doesNotMatch(noticeWords(notice(claimed), text).words, /duty/);
});

test("a contact is asked for where nobody is there and none was left", () => {
  for (const [more, asks] of [
    [{ status: "missed" }, true],
    [{ status: "open", is_staffed: false }, true],
    [{ status: "open" }, false],
    [{ status: "missed", has_contact: true }, false],
    [{ status: "claimed", is_staffed: false }, false],
  ]) {
    assert.equal(asksForContact(notice(more)), asks);
  }
});
