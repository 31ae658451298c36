// What stands beside a conversation: its pictures, what was read in them, the clauses it cites.
import { fileFromServer } from "../../models/conversation.js";

/** Every file once, the newest first. */
export function filesOf(messages) {
  const files = messages.flatMap((message) => message.files ?? []).map(fileFromServer);
  return [...new Map(files.map((file) => [file.id, file])).values()].reverse();
}

/** The newest reading of each picture or page that has fields, newest pictures first. */
export function readingsOf(messages) {
  const newest = new Map();
  for (const reading of messages.toReversed().flatMap((message) => message.reading ?? [])) {
    const page = `${reading.image} ${reading.page ?? 0}`;
    if (!newest.has(page) && reading.fields?.length) newest.set(page, reading);
  }
  return [...newest.values()];
}

/** Every cited clause once, the newest first. */
export function citationsOf(messages) {
  const cited = messages.toReversed().flatMap((message) => message.citations ?? []);
  return [...new Map(cited.toReversed().map((one) => [one.id, one])).values()].reverse();
}

/** The customer's newest words, or "". */
export function lastQuestion(messages) {
  return messages.findLast(({ role, text }) => role === "user" && text)?.text ?? "";
}

/** Adds a turn that an event told, unless it is there. Returns the messages, new where changed. */
export function withTurn(messages, turn) {
  return messages.some(({ id }) => id === turn.id) ? messages : [...messages, turn];
}
