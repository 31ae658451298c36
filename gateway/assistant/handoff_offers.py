"""When an answer offers a person, and for what reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gateway.assistant.briefing import Briefing
from gateway.assistant.tool_results import ToolResult

Reason = Literal["asked", "no_clause", "loop", "action", "rule"]
REASONS: frozenset[str] = frozenset(("asked", "no_clause", "loop", "action", "rule"))
ANGER = "anger"  # the desk's own rule


@dataclass(frozen=True, slots=True)
class HandoffOffer:
    """`rule`: the id of the rule that holds, or ANGER; "" for the other reasons."""

    reason: Reason
    rule: str = ""

    @property
    def cause(self) -> str:
        """What rests once a hand-over for it is resolved."""
        return self.rule or self.reason


@dataclass(frozen=True, slots=True)
class Past:
    """What came before in the conversation."""

    was_no_clause: bool = False  # its last answer found nothing, and nobody has spoken since
    # {id, number, status, assignee} of a hand-over that waits: nothing more is offered
    handoff: dict[str, Any] | None = None
    # Causes (rules, else reasons) that have led to a hand-over which is resolved.
    resting: frozenset[str] = frozenset()


NO_PAST = Past()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what its tools came to. `own`: readings of its pictures, `earlier`: all."""

    text: str
    own: Sequence[dict[str, Any]] = ()
    earlier: Sequence[dict[str, Any]] = ()
    results: Sequence[ToolResult] = ()


def offer_for(
    asked: Asked, briefing: Briefing, outcome: str, past: Past, reason: Reason | None = None
) -> HandoffOffer | None:
    """The offer beside an answer that came to `outcome`. `reason`: the gateway's own, where it has
    ended the answer itself."""
    if past.handoff is not None:
        return None
    if briefing.intent == "person":
        return HandoffOffer("asked")
    offers = _offers(asked, briefing, outcome, past, reason)
    return next((one for one in offers if one.cause not in past.resting), None)


def _offers(
    asked: Asked, briefing: Briefing, outcome: str, past: Past, reason: Reason | None
) -> Iterator[HandoffOffer]:
    """Everything for which a person may be offered, the most important first."""
    if reason is not None:
        yield HandoffOffer(reason)
    statuses = {one.status for one in asked.results}
    if "failed" in statuses or (outcome == "handoff" and "refused" in statuses):
        yield HandoffOffer("action")
    for rule in briefing.persona.handoffs:
        if rule.holds(asked.text, asked.own, asked.earlier):
            yield HandoffOffer("rule", rule.id)
    if briefing.intent == ANGER:
        yield HandoffOffer("rule", ANGER)
    if outcome == "no_clause" and past.was_no_clause:
        yield HandoffOffer("no_clause")
    # Asked for the same thing twice, or a language model knows no way on.
    if outcome == "handoff" and briefing.intent != ANGER:
        yield HandoffOffer("loop")
