"""Writes an answer's events as what history keeps of it, while they pass."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gateway.chat.events import (
    ActionProposed,
    Chunk,
    Citations,
    CompletionStarted,
    Degraded,
    Event,
    Failed,
    Finished,
    Grounding,
    HandoffOffered,
    Outcome,
    Readings,
    Suggestions,
    TextDelta,
    ToolProgress,
)
from gateway.chat.openai_stream import tool_json
from gateway.storage.turns import Answered, State


class Transcript:
    def __init__(self) -> None:
        self.complete = False  # the answer is whole
        self._failed = False
        self._texts: list[str] = []
        self._model = ""
        self._citations: list[dict[str, Any]] = []
        self._readings: list[dict[str, Any]] = []
        self._suggestions: list[dict[str, Any]] = []
        self._grounding: dict[str, Any] | None = None
        self._outcome: str | None = None
        self._offer: dict[str, str] | None = None
        self._degraded = False
        self._tools: dict[str, dict[str, Any]] = {}  # by call, as they are at last
        self._actions: list[str] = []

    def push(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case TextDelta() | Chunk():
                    self._texts.append(event.text)
                case CompletionStarted(fields):
                    self._model = str(fields.get("model") or "") or self._model
                case Citations(citations):
                    self._citations = citations
                case Readings(readings):
                    self._readings = readings
                case Suggestions(suggestions):
                    self._suggestions = suggestions
                case Grounding(supported, unsupported):
                    self._grounding = {"supported": supported, "unsupported": unsupported}
                case Outcome(outcome):
                    self._outcome = outcome
                case HandoffOffered(reason, rule):
                    self._offer = {"reason": reason, "rule": rule}
                case Degraded():
                    self._degraded = True
                case ToolProgress():
                    self._tools[event.id] = tool_json(event)
                case ActionProposed(action):
                    self._actions.append(str(action["id"]))
                case Finished():
                    self.complete = True
                case Failed():
                    self._failed = True

    def silenced(self, unseen: int) -> Answered:
        """What the customer has seen until a person took over. `unseen`: characters at the end of
        the text that nobody has got."""
        made = self.answered(stopped=True)
        text = made.text[: len(made.text) - unseen]
        return replace(made, state="stopped", text=text, outcome=None, offer=None)

    def answered(self, *, stopped: bool) -> Answered:
        """`stopped`: somebody ended the answer, where it is not whole."""
        state: State = "failed"
        if not self._failed:
            state = "done" if self.complete else "stopped" if stopped else "failed"
        return Answered(
            state,
            text="".join(self._texts),
            model=self._model or None,
            degraded=self._degraded,
            citations=self._citations,
            reading=self._readings,
            suggestions=self._suggestions,
            grounding=self._grounding,
            outcome=self._outcome,
            offer=self._offer,
            tools=[_ended(one) for one in self._tools.values()],
            actions=list(dict.fromkeys(self._actions)),
        )


def _ended(tool: dict[str, Any]) -> dict[str, Any]:
    """A call that was running when its answer ended has failed."""
    return tool | {"status": "failed"} if tool["status"] == "running" else tool
