"""What the desk has found out about a question before an engine is asked."""

from dataclasses import dataclass, field
from typing import Any, Literal

from gateway.assistant.intents import Intent
from gateway.assistant.persona import Persona

Verdict = Literal["answer", "suggest", "none"]


@dataclass(frozen=True, slots=True)
class Briefing:
    """`clauses`: {id, title, clause, text, score, kind, author?, date?}, best first.
    `suggestions`: {id, title, clause} of clauses that the person may mean; they are no evidence.
    `actions`: [{title, by, status, text}] of the newest proposals, where the question is about
    them. `handoff`: {number, status, …} of the conversation's hand-over that waits for a person.
    `knowledge_version`: of the clauses, corrections and persona; "" where the raw model was asked.
    `is_angry`: the person is upset, also where a person is wished for.
    """

    intent: Intent = "question"
    verdict: Verdict = "none"
    clauses: list[dict[str, Any]] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)
    persona: Persona = field(default_factory=Persona)
    handoff: dict[str, Any] | None = None
    actions: list[dict[str, Any]] = field(default_factory=list)
    knowledge_version: str = ""
    is_angry: bool = False
