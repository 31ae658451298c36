"""A hand-over as clients get it (contract, section 11)."""

from typing import Any

from gateway.service_hours import ServiceHours
from gateway.storage.models import Handoff
from gateway.storage.turns import now


def as_json(handoff: Handoff, hours: ServiceHours) -> dict[str, Any]:
    """For its owner. Without the contact, which staff alone see."""
    moment = now()
    return {
        **brief(handoff),
        "summary": handoff.summary,
        "details": handoff.details or {},
        "fields": handoff.fields or [],
        "pictures": handoff.pictures or [],
        "is_staffed": hours.is_open(moment),
        "opens_at": _seconds(hours.opens_at(moment)),
    }


def for_staff(handoff: Handoff, hours: ServiceHours) -> dict[str, Any]:
    return {
        **as_json(handoff, hours),
        "contact": handoff.contact,
        "resolution": handoff.resolution,
        "rule": handoff.rule,
    }


def brief(handoff: Handoff) -> dict[str, Any]:
    """As events have it. `version`: how many steps it has taken."""
    return {
        "id": handoff.id,
        "object": "handoff",
        "number": handoff.number,
        "conversation_id": handoff.conversation_id,
        "status": handoff.status,
        "reason": handoff.reason,
        "note": handoff.note,
        "has_contact": bool(handoff.contact),
        "assignee": handoff.assignee,
        "created_at": _seconds(handoff.created_at),
        "claimed_at": _seconds(handoff.claimed_at),
        "waiting_since": _seconds(handoff.waiting_since),
        "missed_at": _seconds(handoff.missed_at),
        "resolved_at": _seconds(handoff.resolved_at),
        "outcome": handoff.outcome,
        "version": handoff.version,
    }


def notice(handoff: Handoff, cause: str, hours: ServiceHours) -> dict[str, Any]:
    """What a turn of the conversation says of a step: codes, which the page puts into words."""
    moment = now()
    return {
        "type": "handoff",
        "handoff": handoff.id,
        "number": handoff.number,
        "status": handoff.status,
        "cause": cause,
        "assignee": handoff.assignee,
        "outcome": handoff.outcome,
        "has_contact": bool(handoff.contact),
        "is_staffed": hours.is_open(moment),
        "opens_at": _seconds(hours.opens_at(moment)),
    }


def _seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds // 1000
