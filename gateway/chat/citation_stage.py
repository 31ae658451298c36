"""The stage that finds the clauses that an answer may rest on."""

from typing import Any

from gateway.chat.events import Citations, Push, tell
from gateway.chat.question import Question
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retrieval import citations_for
from gateway.media.attachments import Attachments

PUBLIC = ("id", "title", "clause", "text")


class CitationStage:
    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge

    async def find(
        self, question: Question, attachments: Attachments, push: Push
    ) -> list[dict[str, Any]]:
        """Citations, best first: id, title, clause, text, score."""
        messages = question.request.messages
        asked = [message.text for message in messages if message.role == "user"]
        found = await citations_for(self._knowledge, asked, attachments.newest(messages))
        await tell(push, Citations([{name: one[name] for name in PUBLIC} for one in found]))
        return found
