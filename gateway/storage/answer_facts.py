"""What figures are made of: what an answer took, and its subject.

The subject is the clause, business system or kind of picture that the answer rests on most.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.privacy.storable import storable

MAX_SUBJECT = 200  # characters


@dataclass(frozen=True, slots=True)
class Measured:
    """What an answer took. Times are milliseconds since its request came."""

    first_token_ms: int | None = None
    duration_ms: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def facts_of(
    owner: str,
    citations: Sequence[dict[str, Any]],
    tools: Sequence[dict[str, Any]],
    readings: Sequence[dict[str, Any]],
    grounding: Mapping[str, Any] | None,
    measured: Measured,
) -> dict[str, Any]:
    """The columns of a turn, by name. `owner`: the digest."""
    kind, subject = subject_of(citations, tools, readings)
    return {
        "subject_kind": kind,
        "subject": subject,
        "topic": topic_of(owner, kind, subject),
        "is_ungrounded": grounding is not None and not grounding["supported"],
        **asdict(measured),
    }


def subject_of(
    citations: Sequence[dict[str, Any]],
    tools: Sequence[dict[str, Any]],
    readings: Sequence[dict[str, Any]],
) -> tuple[str | None, str | None]:
    """(kind, subject): "clause" and the title of the first citation; else "tool" and the name of
    the first that was done; else "reading" and the kind of the first picture; else None twice.
    """
    done = (tool for tool in tools if tool.get("status") == "done")
    for kind, values in (
        ("clause", (one.get("title") for one in citations)),
        ("tool", (one.get("name") for one in done)),
        ("reading", (one.get("kind") for one in readings)),
    ):
        if subject := next((str(value) for value in values if value), ""):
            return kind, storable(subject[:MAX_SUBJECT])
    return None, None


def topic_of(owner: str, kind: str | None, subject: str | None) -> int | None:
    """A number that answers share which one owner got on one subject. `owner`: the digest. None
    without a subject."""
    if kind is None or not owner:
        return None
    text = "\0".join((owner, kind, subject or ""))
    wide = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(wide.digest()) >> 1  # databases have signed numbers
