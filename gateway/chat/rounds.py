"""The rounds of one turn: each is one engine call. All of them come out as one answer."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from gateway.chat.events import (
    Chunk,
    Event,
    Finished,
    FinishReason,
    Push,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from gateway.chat.openai_stream import data_event

# Told all events of a round, gives the messages that the next round is asked with beside those
# before: the calls and their results. None: the answer is complete.
NextRound = Callable[[Sequence[Event]], Awaitable[Sequence[dict[str, Any]] | None]]
# What only the last round may say: a call that the gateway answers itself is not the client's.
ENDING = (ToolCallDelta, FinishReason, Usage, Finished)


class Round:
    """Hands a round's events on. Where another round may follow, it holds the end back until that
    is known."""

    def __init__(self, push: Push, *, may_be_followed: bool) -> None:
        self._push = push
        self._may_be_followed = may_be_followed
        self._held: list[Event] = []
        self.events: list[Event] = []  # all, where another round may follow

    def push(self, events: Sequence[Event]) -> Awaitable[None] | None:
        if not self._may_be_followed:
            return self._push(events)
        self.events += events
        self._held += [event for event in events if isinstance(event, ENDING)]
        passed = [event for event in events if not isinstance(event, ENDING)]
        return self._push(passed) if passed else None

    async def finish(self, before: list[Usage]) -> None:
        """The answer is complete. `before`: the usage of earlier rounds, added to this one's."""
        await self._hand_on(
            [
                summed([*before, event]) if isinstance(event, Usage) else event
                for event in self._held
            ]
        )

    async def continue_with_next(self) -> list[Usage]:
        """Another round follows: of what was held only the text is handed on. Returns the usage."""
        await self._hand_on(
            [_text_of(event) for event in self._held if isinstance(event, Chunk) and event.text]
        )
        return [event for event in self._held if isinstance(event, Usage)]

    async def _hand_on(self, events: list[Event]) -> None:
        held = self._push(events) if events else None
        if held is not None:
            await held


def summed(usages: list[Usage]) -> Usage:
    """The last one's chunk with the tokens of all."""
    if len(usages) == 1:
        return usages[0]
    tokens: Counter[str] = Counter()
    for usage in usages:
        counts = usage.body["usage"]
        tokens.update({name: n for name, n in counts.items() if isinstance(n, int)})
    last = usages[-1]
    body = {**last.body, "usage": {**last.body["usage"], **tokens}}
    return replace(last, body=body, raw=data_event(body))


def _text_of(chunk: Chunk) -> TextDelta:
    choice = {"index": 0, "delta": {"content": chunk.text}, "finish_reason": None}
    return TextDelta(chunk.text, (data_event({**chunk.body, "choices": [choice]}),))
