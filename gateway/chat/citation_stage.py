"""The stage that finds out what a message wants, and the clauses that an answer may rest on."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from gateway.assistant.action_questions import asks_state
from gateway.assistant.briefing import Briefing
from gateway.assistant.card_corrections import meant
from gateway.assistant.intents import SEARCHED, Intent, intent_of, is_angry
from gateway.assistant.language import CODE, HAN, MAX_TEXT, WORD, language_of
from gateway.assistant.persona import Persona
from gateway.chat.question import Question
from gateway.errors import StoreUnavailable
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.turn_query import TurnQuery
from gateway.media.attachments import Attachments

States = Callable[[str, str], list[dict[str, Any]]]


def no_states(_owner: str, _conversation_id: str) -> list[dict[str, Any]]:
    """For a desk without business systems."""
    return []


class CitationStage:
    """`persona` gives the company's voice as it is now. `knows_languages`: a language model answers
    in languages that the rules do not know. `pseudonym` names the owner of a turn to `lite`.
    `states`: called in a thread with the owner and the conversation, gives what became of its
    newest proposals."""

    def __init__(
        self,
        retriever: Retriever,
        persona: Callable[[], Persona],
        knows_languages: Callable[[], bool],
        pseudonym: Callable[[str], str],
        states: States = no_states,
    ) -> None:
        self._states = states
        self._retriever = retriever
        self._persona = persona
        self._knows_languages = knows_languages
        self._pseudonym = pseudonym

    async def find(self, question: Question, attachments: Attachments) -> Briefing:
        """What the engine is told beside the conversation, all of one moment."""
        intent = self._intent(question)
        persona, edition = self._persona(), self._retriever.edition()
        version = edition.version(persona.version)
        handoff = question.past.handoff
        angry = is_angry(question.request.question)
        if intent not in SEARCHED:
            return Briefing(
                intent,
                persona=persona,
                handoff=handoff,
                knowledge_version=version,
                is_angry=angry,
            )
        messages, asked = meant(question.request.messages)
        actions = await self._actions(question)
        # Named staff may be told what is written for staff.
        audience = "staff" if question.caller.staff and question.caller.kind != "anonymous" else ""
        query = TurnQuery(
            asked,
            list(attachments.newest(messages)),
            _locale_of(asked),
            audience=audience or "customer",
            owner=self._pseudonym(question.charged_to),
        )
        found = await self._retriever.find(query, edition)
        return Briefing(
            intent,
            found.verdict,
            found.clauses,
            found.suggestions,
            persona,
            handoff,
            actions,
            version,
            angry,
        )

    async def _actions(self, question: Question) -> list[dict[str, Any]]:
        """What became of proposals, for a question about that."""
        conversation = question.conversation
        if conversation is None or not asks_state(question.request.question):
            return []
        try:
            owner = question.caller.owner
            return await asyncio.to_thread(self._states, owner, str(conversation["id"]))
        except StoreUnavailable:
            return []

    def _intent(self, question: Question) -> Intent:
        asked = question.request.newest_question
        if asked is None:
            return "question"
        intent = intent_of(asked.text, has_picture=bool(asked.media))
        if intent == "unknown_language" and self._knows_languages():
            return "question"
        return intent


def _locale_of(questions: Sequence[str]) -> str:
    """zh or en; "" where no question has words, such as a picture alone."""
    said = " ".join(CODE.sub(" ", question[:MAX_TEXT]) for question in questions)
    return language_of(questions) if HAN.search(said) or WORD.search(said) else ""
