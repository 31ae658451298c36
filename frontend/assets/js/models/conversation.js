// A conversation as the page keeps it: turns with text and file ids, never pictures themselves.
import { newId } from "../lib/id.js";

export const MAX_MESSAGES = 60;

export function newConversation() {
  return { id: `conversation-${newId()}`, title: "", turns: [] };
}

/** What the gateway is asked: the turns so far, the newest MAX_MESSAGES of them. */
export function toMessages(turns) {
  const messages = turns.filter((turn) => turn.role === "user" || turn.text).map(toMessage);
  const kept = messages.slice(-MAX_MESSAGES);
  while (kept.length && kept[0].role !== "user") kept.shift();
  return kept;
}

function toMessage(turn) {
  if (!turn.files?.length) return { role: turn.role, content: turn.text };
  const files = turn.files.map((file) => ({ type: "file", file: { file_id: file.id } }));
  return { role: turn.role, content: [...(turn.text ? [{ type: "text", text: turn.text }] : []), ...files] };
}

/** One event of the stream, put into the answer's turn. */
export function apply(turn, event) {
  const delta = event.choices?.[0]?.delta?.content;
  if (delta) turn.text += delta;
  const extras = event.sightdesk;
  if (!extras) return;
  if (extras.answer) turn.answer = extras.answer.id;
  if (extras.citations) turn.citations = extras.citations;
  if (extras.reading) turn.fields = extras.reading.flatMap((reading) => reading.fields ?? []);
  if (extras.degraded) turn.degraded = true;
}

/** What is happening, as words to show; `hasFiles` while pictures came with the question. */
export function phaseOf(turn, event, hasFiles) {
  if (turn.text) return { key: "writing" };
  const extras = event?.sightdesk;
  if (extras?.queue) return { key: "queued", values: extras.queue };
  return { key: hasFiles && !turn.fields ? "reading" : "thinking" };
}
