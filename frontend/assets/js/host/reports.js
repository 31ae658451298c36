// What the host is told of the session.
import { correctedFields } from "../models/conversation.js";

export function reportSession(session, tell) {
  const begun = new Set();
  const reply = ({ conversation, turn }) => ({
    conversationId: conversation.id,
    answerId: turn.answer ?? null,
    text: turn.text,
    citations: turn.citations ?? [],
    fields: correctedFields(turn, conversation.turns),
  });
  // A conversation out of the history goes on; one that holds the host's context has yet to start.
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
    answered: (detail) => tell("message-completed", reply(detail)),
    insert: (detail) => tell("insert-reply", reply(detail)),
    failed: ({ error }) => tell("failed", { code: error.code ?? "other", message: error.message ?? "" }),
    feedback: ({ answer, rating }) => tell("feedback", { answerId: answer, rating }),
    handoff: ({ conversation }) => tell("handoff-requested", { conversationId: conversation.id }),
  };
  opened();
  for (const [type, report] of Object.entries(on)) session.addEventListener(type, ({ detail }) => report(detail));
}
