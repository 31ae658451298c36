import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, phaseOf } from "../../../frontend/assets/js/models/conversation.js";
import { translator } from "../../../frontend/assets/js/lib/texts.js";

test("each phase of waiting has its text, in order", () => {
  const turn = { text: "" };
  const after = (extras) => (
    apply(turn, { choices: [], sightdesk: extras }),
    phaseOf(turn, { sightdesk: extras }, true).key
  );
  assert.equal(phaseOf(turn, null, true).key, "reading");
  assert.equal(after({ reading: [] }), "clauses");
  assert.equal(after({ citations: [] }), "thinking");
  assert.equal(after({ queue: { position: 3 } }), "queued");
  assert.equal(after({ queue: { position: 0 } }), "thinking"); // its turn has come
  const tool = { id: "c1", name: "track", title: "查询物流", status: "running" };
  assert.equal(after({ tool }), "tool");
  assert.equal(translator("zh-CN")("tool", phaseOf(turn, null, true).values), "正在查询物流…");
  assert.equal(after({ tool: { ...tool, status: "done" } }), "thinking");
  turn.text = "a";
  assert.equal(phaseOf(turn, null, true).key, "writing");
});

test("a picture that waits to be read has its own text and queue position", () => {
  const phase = (turn, hasFiles) =>
    phaseOf({ text: "", ...turn }, { sightdesk: { queue: { position: 3 } } }, hasFiles);
  assert.deepEqual(phase({}, true), { key: "queuedReading", values: { ahead: 3 } });
  assert.deepEqual(phase({ reading: [] }, true), { key: "queued", values: { position: 3 } });
  assert.deepEqual(phase({}, false), { key: "queued", values: { position: 3 } });
  assert.equal(translator("zh-CN")("queuedReading", { ahead: 3 }), "等待识别图片，前面还有 3 个");
});
