"""The stage that finds the clauses that an answer may rest on."""

from typing import Any

from gateway.chat.events import Citations, Push, tell
from gateway.chat.question import Question
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.turn_query import TurnQuery
from gateway.media.attachments import Attachments

PUBLIC = ("id", "title", "clause", "text")


class CitationStage:
    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    async def find(
        self, question: Question, attachments: Attachments, push: Push
    ) -> list[dict[str, Any]]:
        """Citations, best first: id, title, clause, text, score, kind."""
        messages = question.request.messages
        asked = [message.text for message in messages if message.role == "user"]
        query = TurnQuery(asked, list(attachments.newest(messages)))
        found = (await self._retriever.find(query)).clauses
        await tell(push, Citations([{name: one[name] for name in PUBLIC} for one in found]))
        return found
