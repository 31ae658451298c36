import assert from "node:assert/strict";
import { test } from "node:test";
import {
  TRIAL,
  draftOfAnswer,
  draftOfGroup,
  isGap,
  judges,
  trialRows,
} from "../../../frontend/assets/js/desk/models/quality.js";
import { CorrectionDraft } from "../../../frontend/assets/js/desk/state/correction-draft.js";

const group = {
  question: "回收旧电池吗",
  examples: ["回收旧电池吗", "旧电池能寄回吗"],
  answers: ["answer-2", "answer-1"],
};

/** A gateway that remembers what it was sent. */
class FakeAPI {
  sent = [];
  error = null;

  async send(path, body) {
    if (this.error) throw this.error;
    this.sent.push([path, body]);
    return path === "corrections" ? { id: "correction-1", ...body } : { data: [] };
  }

  async remove(path) {
    this.sent.push([path]);
  }
}

test("a group's correction is for its newest answer and every wording once", () => {
  assert.deepEqual(draftOfGroup(group), {
    answer: "answer-2",
    text: "",
    questions: ["回收旧电池吗", "旧电池能寄回吗"],
  });
  const picture = { id: "answer-9", text: "请重拍。", question: "" };
  assert.deepEqual(draftOfAnswer(picture).questions, []);
});

test("an event is news to the list that it may change, and to no other", () => {
  assert.equal(isGap({ outcome: "no_clause", is_ungrounded: false }), true);
  assert.equal(isGap({ outcome: "answered", is_ungrounded: true }), false);
  assert.equal(isGap({ handoff: {} }), false);
  assert.equal(judges("down")({ rating: "up" }), true); // it may have been down before
  assert.equal(judges("down")({ outcome: "no_clause" }), false);
  assert.equal(judges("ungrounded")({ outcome: "answered", is_ungrounded: true }), true);
  assert.equal(judges("ungrounded")({ rating: "down" }), false);
});

test("a trial tells what each question cites now and then", () => {
  const clause = { id: "s#1", title: "售后", clause: "1.1" };
  const data = [
    { question: "a", is_try: false, wins: true, before: [], after: [{ ...clause, id: TRIAL }] },
    { question: "b", is_try: true, wins: false, before: [clause], after: [clause] },
  ];
  const [first, second] = trialRows({ data });
  assert.equal(first.before, null);
  assert.equal(first.after.isTrial, true);
  assert.deepEqual(second.after, { isTrial: false, title: "售后", clause: "1.1" });
});

test("a correction is kept only as it was tried", async () => {
  const api = new FakeAPI();
  const draft = new CorrectionDraft(api, draftOfGroup(group));
  assert.equal(draft.isWhole, false);
  draft.change({ text: " 旧电池可以寄回。 " });
  await draft.keep();
  assert.deepEqual(api.sent, []);
  draft.change({ tries: ["废电池呢"] });
  await draft.try();
  const body = { answer: "answer-2", text: "旧电池可以寄回。", questions: group.examples };
  assert.deepEqual(api.sent, [["corrections/preview", { ...body, tries: ["废电池呢"] }]]);
  draft.change({ text: "旧电池不能寄回。" });
  assert.equal(draft.isTried, false);
  await draft.keep();
  assert.equal(api.sent.length, 1);
  draft.change({ text: "旧电池可以寄回。" });
  await draft.keep();
  assert.deepEqual(api.sent[1], ["corrections", body]);
  assert.equal(draft.kept.id, "correction-1");
  await draft.takeBack();
  assert.deepEqual(api.sent[2], ["corrections/correction-1"]);
  assert.equal(draft.kept, null);
});

test("a failure is told, and the draft stays", async () => {
  const api = new FakeAPI();
  const draft = new CorrectionDraft(api, draftOfAnswer({ id: "a", text: "x", question: "q" }));
  api.error = Object.assign(new Error("no"), { code: "network" });
  let changes = 0;
  draft.addEventListener("changed", () => (changes += 1));
  await draft.try();
  assert.equal(draft.error.code, "network");
  assert.equal(draft.isBusy, false);
  assert.equal(draft.isTried, false);
  assert.equal(changes, 2);
  api.error = null;
  await draft.try();
  assert.equal(draft.error, null);
  assert.equal(draft.isTried, true);
});
