"""An answer, and what it rests on."""

from dataclasses import dataclass, field
from typing import Any

OUTCOMES = ("answered", "clarify", "handoff", "no_clause", "smalltalk")  # the best first


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` is Markdown, `citations` are the ids of the clauses that the text rests on. `calls`:
    [{name, arguments}] of the company's systems that come before any words."""

    text: str
    outcome: str = "answered"
    citations: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)


def together(replies: list[Reply]) -> Reply:
    """One reply of several: each text once, and the best outcome of all that say something."""
    texts = dict.fromkeys(reply.text for reply in replies if reply.text)
    citations = dict.fromkeys(one for reply in replies for one in reply.citations)
    outcomes = [one.outcome for one in replies if one.text or one.outcome != "answered"]
    outcome = min(outcomes, key=OUTCOMES.index, default="no_clause")
    return Reply("\n\n".join(texts), outcome, list(citations))
