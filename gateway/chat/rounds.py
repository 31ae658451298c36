"""The rounds of one turn: each is one engine call. All of them come out as one answer."""

from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any

from gateway.assistant.handoff_offers import Reason
from gateway.chat.called_tools import CalledTool, calls_in
from gateway.chat.events import (
    Chunk,
    CompletionStarted,
    EngineReport,
    Event,
    Finished,
    FinishReason,
    Push,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from gateway.chat.openai_stream import data_event
from gateway.chat.own_text import more_text, stop
from gateway.chat.written_calls import CallWatch, RefusalWatch

# What only the last round may say: a call that the gateway answers itself is not the client's.
ENDING = (ToolCallDelta, FinishReason, Usage, Finished)


class Round:
    """Hands a round's events on. Where another round may follow, it holds the end back until that
    is known, and text that begins like a call of a tool, or like `refusal`."""

    def __init__(self, push: Push, *, may_be_followed: bool, refusal: str = "") -> None:
        self._push = push
        self._may_be_followed = may_be_followed
        self._held: list[Event] = []
        self._texts: list[str] = []
        self._call_watch, self._refusal_watch = CallWatch(), RefusalWatch(refusal)
        self._doubtful: list[TextDelta | Chunk] = []  # text that may be a call
        self._head: dict[str, Any] = {}

    def push(self, events: Sequence[Event]) -> Awaitable[None] | None:
        if not self._may_be_followed:
            return self._push(events)
        passed: list[Event] = []
        for event in events:
            passed += self._passed(event)
        return self._push(passed) if passed else None

    def _passed(self, event: Event) -> Sequence[Event]:
        """What may be handed on now that this event is here."""
        if isinstance(event, CompletionStarted):
            self._head = event.fields
        if isinstance(event, ENDING):
            self._held.append(event)
            if isinstance(event, Chunk) and not self._doubtful:
                self._texts.append(event.text)
            return ()
        if not isinstance(event, TextDelta | Chunk):
            return (event,)
        may_be_call = self._call_watch.feed(event.text)
        if self._refusal_watch.feed(event.text) or may_be_call:
            self._doubtful.append(event)
            return ()
        passed, self._doubtful = [*self._doubtful, event], []
        self._texts += (one.text for one in passed)
        return passed

    @property
    def calls(self) -> list[CalledTool]:
        """The tools that it called, where another round may follow."""
        return calls_in(self._held)

    @property
    def text(self) -> str:
        """What it said, where another round may follow."""
        return "".join(self._texts)

    @property
    def doubtful(self) -> str:
        """What it said at last and looks like a call or the refusal. Only `finish` hands it on."""
        return "".join(event.text for event in self._doubtful)

    @property
    def is_refusal(self) -> bool:
        return self._refusal_watch.is_refusal

    async def finish(self, before: list[Usage]) -> None:
        """The answer is complete. `before`: the usage of earlier rounds, added to this one's."""
        held = [
            summed([*before, event]) if isinstance(event, Usage) else event for event in self._held
        ]
        await self._hand_on([*self._doubtful, *held])

    async def finish_with(
        self, text: str, outcome: str, before: list[Usage], reason: Reason | None = None
    ) -> None:
        """The answer is complete with a text of the gateway's own, in place of the calls."""
        usages = [event for event in self._held if isinstance(event, Usage)]
        await self._hand_on(
            [
                *self._last_texts(text),
                stop(self._head),
                *([summed([*before, *usages])] if usages else []),
                EngineReport(outcome, [], reason),
                *[event for event in self._held if isinstance(event, Finished)],
            ]
        )

    async def continue_with_next(self, text: str = "") -> list[Usage]:
        """Another round follows: of what was held only the text is handed on, and `text` behind it.
        Returns the usage."""
        await self._hand_on(self._last_texts(text + "\n\n" if text else ""))
        return [event for event in self._held if isinstance(event, Usage)]

    def _last_texts(self, own: str) -> list[Event]:
        """The text that came with the calls, and the gateway's own on a line of its own."""
        told: list[Event] = [
            _text_of(event)
            for event in self._held
            if isinstance(event, Chunk) and event.text and not self._doubtful
        ]
        if own:
            told.append(more_text(self._head, ("\n\n" if self.text.strip() else "") + own))
        return told

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
