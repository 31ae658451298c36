// Reports the session's events to the host, as docs/embedding.md describes them.
import { correctedFields } from "../models/conversation.js";
import { plainText, replyText } from "../models/plain-text.js";

/** Calls `tell(type, payload)` for each event. */
export function reportSession(session, tell) {
  const begun = new Set(); // ids of conversations in which a question was asked

  /** Earlier conversations have begun; one that holds the host's context has not. */
  function opened() {
    const { id, turns, context } = session.conversation;
    if (turns.length && !context) begun.add(id);
  }

  const on = {
    opened,
    asked({ conversation: { id: conversationId }, turn: { text } }) {
      if (!begun.has(conversationId)) tell("conversation-started", { conversationId });
      begun.add(conversationId);
      tell("message-sent", { conversationId, text });
    },
    answered: (detail) => tell("message-completed", replyOf(detail)),
    insert(detail) {
      const { as, turn } = detail;
      const text = as === "note" ? plainText(turn.text) : replyText(turn.text);
      tell("insert-reply", { ...replyOf(detail), text, as });
    },
    failed({ error: { code = "other", message = "" } }) {
      tell("failed", { code, message });
    },
    feedback: ({ answer, rating }) => tell("feedback", { answerId: answer, rating }),
    action({ conversation, action }) {
      tell("action-changed", { conversationId: conversation.id, action });
    },
    handoff({ conversation: { id: conversationId }, handoff: { id: handoffId, number, note } }) {
      tell("handoff-requested", { conversationId, handoffId, number, note });
    },
    handoffChanged({ conversation: { id: conversationId }, notice }) {
      const { handoff: handoffId, status, assignee, cause } = notice;
      if (cause === "requested" || cause === "contact") return;
      tell("handoff-changed", { conversationId, handoffId, status, assignee });
    },
    said({ conversation, turn: { role, text, author } }) {
      if (role !== "staff") return;
      tell("handoff-message", { conversationId: conversation.id, author, text });
    },
  };
  opened();
  for (const [type, report] of Object.entries(on)) {
    session.addEventListener(type, ({ detail }) => report(detail));
  }
}

function replyOf({ conversation, turn }) {
  return {
    conversationId: conversation.id,
    answerId: turn.answer ?? null,
    text: turn.text,
    citations: turn.citations ?? [],
    fields: correctedFields(turn, conversation.turns),
  };
}
