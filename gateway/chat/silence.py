"""The assistant is silent in a conversation that a person has claimed (contract, section 11)."""

import time
from typing import Any, Protocol

import orjson

from gateway.chat.openai_stream import DONE, EXTRAS, data_event
from gateway.chat.sse import payload_of
from gateway.handoffs.claims import Claim


class KnownClaims(Protocol):
    """`gateway.handoffs.claims.Claims`: kept in memory, so that each event may ask."""

    def of(self, conversation_id: str) -> Claim | None: ...


class ClaimWatch:
    """Sees a person claim the conversation of one question.

    Made before the question is stored: a claim that is known by then, and that the database no
    longer has when it stores the question, is over.
    """

    __slots__ = ("_claims", "_conversation_id", "_over")

    def __init__(self, claims: KnownClaims | None = None, conversation_id: str = "") -> None:
        self._claims = claims
        self._conversation_id = conversation_id
        self._over = claims.of(conversation_id) if claims is not None else None

    def claim(self) -> dict[str, Any] | None:
        """{id, number, status, assignee} of the hand-over, once it is claimed."""
        found = self._claims.of(self._conversation_id) if self._claims is not None else None
        if found == self._over:
            return None
        self._over = None
        return found.as_event() if found is not None else None


def silent_extras(conversation: dict[str, Any] | None, handoff: dict[str, Any]) -> dict[str, Any]:
    """What stands under `sightdesk` in place of an answer."""
    return {"conversation": conversation, "handoff": handoff, "outcome": "handoff"}


def silent_events(extras: dict[str, Any], answer_id: str, model: str) -> bytes:
    """The stream in place of an answer: one event, and its end."""
    body = {"id": answer_id, "object": "chat.completion.chunk", "created": int(time.time())}
    return data_event({**body, "model": model, "choices": [], EXTRAS: extras}) + DONE


def silent_completion(extras: dict[str, Any], answer_id: str, model: str) -> bytes:
    """The chat completion in place of an answer that is not streamed: without a word."""
    message = {"role": "assistant", "content": ""}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = {"id": answer_id, "object": "chat.completion", "created": int(time.time())}
    usage = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)
    return orjson.dumps(
        {**body, "model": model, "choices": [choice], "usage": usage, EXTRAS: extras}
    )


def characters_in(event: bytes) -> int:
    """Characters of the answer's text that a server-sent event adds."""
    try:
        body = orjson.loads(payload_of(event))
        return sum(len(one["delta"].get("content") or "") for one in body["choices"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0  # a comment, or an event of another kind
