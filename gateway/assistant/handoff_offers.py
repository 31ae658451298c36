"""When an answer offers a person, and for what reason."""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Past:
    """What came before in the conversation."""

    was_no_clause: bool = False  # its last answer found nothing, and nobody has spoken since
    # {id, number, status, assignee} of a hand-over that waits: nothing more is offered
    handoff: dict[str, Any] | None = None
    resting: frozenset[str] = frozenset()  # rules that have led to a hand-over which is resolved


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
    if reason is not None:
        return HandoffOffer(reason)
    statuses = {one.status for one in asked.results}
    if "failed" in statuses or (outcome == "handoff" and "refused" in statuses):
        return HandoffOffer("action")
    if (rule := _rule(asked, briefing, past)) is not None:
        return HandoffOffer("rule", rule)
    if outcome == "no_clause" and past.was_no_clause:
        return HandoffOffer("no_clause")
    # Asked for the same thing twice, or a language model knows no way on.
    return HandoffOffer("loop") if outcome == "handoff" and briefing.intent != ANGER else None


def _rule(asked: Asked, briefing: Briefing, past: Past) -> str | None:
    """The first rule that holds, and does not rest in this conversation."""
    for rule in briefing.persona.handoffs:
        if rule.id not in past.resting and rule.holds(asked.text, asked.own, asked.earlier):
            return rule.id
    return ANGER if briefing.intent == ANGER and ANGER not in past.resting else None
