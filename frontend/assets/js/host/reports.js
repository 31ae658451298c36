// What the host is told of the session.
import { correctedFields } from "../models/conversation.js";

export function reportSession(session, tell) {
  const begun = new Set();
  const reply = (turn) => ({
    conversationId: session.conversation.id,
    answerId: turn.answer ?? null,
    text: turn.text,
    citations: turn.citations ?? [],
    fields: correctedFields(turn, session.conversation.turns),
  });
  // A conversation out of the history goes on; one that holds the host's context has yet to start.
  function opened() {
    const { id, turns, context } = session.conversation;
    if (turns.length && !context) begun.add(id);
  }

  const on = {
    opened,
    asked({ text }) {
      const conversationId = session.conversation.id;
      if (!begun.has(conversationId)) tell("conversation-started", { conversationId });
      begun.add(conversationId);
      tell("message-sent", { conversationId, text });
    },
    answered: (turn) => tell("message-completed", reply(turn)),
    insert: (turn) => tell("insert-reply", reply(turn)),
    failed: ({ error }) => tell("failed", { code: error.code ?? "other", message: error.message ?? "" }),
    feedback: ({ answer, rating }) => tell("feedback", { answerId: answer, rating }),
    handoff: () => tell("handoff-requested", { conversationId: session.conversation.id }),
  };
  opened();
  for (const [type, report] of Object.entries(on)) session.addEventListener(type, (event) => report(event.detail ?? {}));
}
