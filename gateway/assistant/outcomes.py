"""What came of a question, where the engine does not say so itself."""

from typing import Any, Literal

from gateway.assistant.briefing import Briefing
from gateway.assistant.persona import Texts

Outcome = Literal["answered", "clarify", "no_clause", "smalltalk", "handoff"]
OUTCOMES: frozenset[str] = frozenset(("answered", "clarify", "no_clause", "smalltalk", "handoff"))
ASKING_CHARACTERS = 160  # a longer text that ends in a question mark has answered something
MAX_TEXT = 4_000


def outcome_of(
    text: str, briefing: Briefing, used: list[dict[str, Any]], *, has_evidence: bool
) -> Outcome:
    """The outcome of a language model's answer. `used`: the clauses that it rests on.
    `has_evidence`: whether a picture or a tool's result was there."""
    persona = briefing.persona
    if briefing.intent == "person":
        return "handoff"
    if briefing.intent == "who" or briefing.intent.startswith("smalltalk"):
        return "smalltalk"
    if used:
        return "answered"
    if _says(text, persona.refusal):
        return "no_clause"
    if briefing.intent == "anger" or _says(text, persona.handoff_offer):
        return "handoff"
    told = text.rstrip()
    if len(told) <= ASKING_CHARACTERS and told.endswith(("?", "？")):
        return "clarify"
    return "answered" if has_evidence or briefing.clauses else "no_clause"


def _says(text: str, texts: Texts) -> bool:
    told = _squeezed(text[:MAX_TEXT])
    return any(one and _squeezed(one) in told for one in texts.values())


def _squeezed(text: str) -> str:
    return "".join(one for one in text.lower() if one.isalnum())
