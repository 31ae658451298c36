"""What is counted of an engine's stream while it passes."""

import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from gateway.errors import GatewayError, UpstreamError
from gateway.server.later import Later
from gateway.upstream.client import Broken
from gateway.upstream.refusals import refusal_in


@dataclass(slots=True)
class StreamStats:
    """One engine call. Times are seconds of `time.perf_counter`."""

    started: float  # when the client's request came
    events: int = 0  # that carried some of the answer
    usage: dict[str, Any] | None = None  # the engine's own count of tokens
    first_token_at: float | None = None
    done: bool = False  # [DONE] has come
    error: GatewayError | Broken | None = (
        None  # of the engine's error event; nothing comes after it
    )

    @property
    def prompt_tokens(self) -> int:
        return int((self.usage or {}).get("prompt_tokens") or 0)

    @property
    def completion_tokens(self) -> int:
        """By the engine's count, or, where it was cut off before it gave one, an event each."""
        return int((self.usage or {}).get("completion_tokens") or 0) if self.usage else self.events

    def seconds_to_first_token(self) -> float | None:
        return self.first_token_at - self.started if self.first_token_at is not None else None

    def count(self, events: int) -> None:
        self.events += events
        if self.first_token_at is None:
            self.first_token_at = time.perf_counter()

    def check_whole(self) -> None:
        """Raises Broken where the stream ended before its [DONE]."""
        if not self.done:
            raise Broken("died", UpstreamError("The engine stopped in the middle of the answer."))


def has_token(choices: Any) -> bool:
    """Whether a chunk carries some of the answer. vLLM's first one names the role only."""
    try:
        value_of = choices[0]["delta"].get
        return bool(
            value_of("content")
            or value_of("tool_calls")
            or value_of("reasoning_content")
            or value_of("reasoning")
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        return False


def error_in(event: dict[str, Any]) -> GatewayError | Broken:
    """What an engine's error event means: the request is refused, or the engine failed."""
    return refusal_in(event) or Broken(
        "error_event", UpstreamError("The engine failed in the middle of the answer.")
    )


def raise_after(held: Awaitable[None] | None, error: Exception) -> Awaitable[None]:
    """Raises `error` when it is awaited, after what came before it has reached the client."""
    return Later(_raise_after, held, error)


async def _raise_after(held: Awaitable[None] | None, error: Exception) -> None:
    if held is not None:
        await held
    raise error
