"""The stage that finds out what a message wants, and the clauses that an answer may rest on."""

from collections.abc import Callable

from gateway.assistant.briefing import Briefing
from gateway.assistant.intents import SEARCHED, Intent, intent_of
from gateway.assistant.persona import Persona
from gateway.chat.question import Question
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.turn_query import TurnQuery
from gateway.media.attachments import Attachments


class CitationStage:
    """`persona` gives the company's voice as it is now. `knows_languages`: a language model answers
    in languages that the rules do not know. `pseudonym` names the owner of a turn to `lite`."""

    def __init__(
        self,
        retriever: Retriever,
        persona: Callable[[], Persona],
        knows_languages: Callable[[], bool],
        pseudonym: Callable[[str], str],
    ) -> None:
        self._retriever = retriever
        self._persona = persona
        self._knows_languages = knows_languages
        self._pseudonym = pseudonym

    async def find(self, question: Question, attachments: Attachments) -> Briefing:
        """What the engine is told beside the conversation."""
        intent = self._intent(question)
        persona = self._persona()
        if intent not in SEARCHED:
            return Briefing(intent, persona=persona)
        messages = question.request.messages
        asked = [message.text for message in messages if message.role == "user"]
        # Named staff may be told what is written for staff.
        audience = "staff" if question.caller.staff and question.caller.kind != "anonymous" else ""
        query = TurnQuery(
            asked,
            list(attachments.newest(messages)),
            audience=audience or "customer",
            owner=self._pseudonym(question.charged_to),
        )
        found = await self._retriever.find(query)
        return Briefing(intent, found.verdict, found.clauses, found.suggestions, persona)

    def _intent(self, question: Question) -> Intent:
        asked = question.request.newest_question
        if asked is None:
            return "question"
        intent = intent_of(asked.text, has_picture=bool(asked.media))
        if intent == "unknown_language" and self._knows_languages():
            return "question"
        return intent
