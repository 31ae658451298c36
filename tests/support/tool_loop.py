"""Asks with tools of a made-up company, before an engine that answers as it is told to."""

import json
from collections.abc import Sequence
from typing import Any

import requests

from gateway.chat.events import Event, Finished, Outcome, ToolProgress
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.tool_rounds import ToolRounds
from tests.support.asking import Asking
from tests.support.servers import Running
from tests.support.tools import Proposals, StubTool, StubTools

WAYBILL = "SF1402857369214"
Round = dict[str, Any]


def call(name: str, /, arguments: Any = None, **given: Any) -> dict[str, str]:
    """`arguments`: the text, where it is no object of those given."""
    return {"name": name, "arguments": json.dumps(given) if arguments is None else arguments}


TRACK: Round = {"calls": [call("track", waybill=WAYBILL)]}
CANCEL: Round = {"calls": [call("cancel", order="QH202611090078126")]}
ANSWER: Round = {"text": "已到杭州转运中心 14:05（查询物流，刚刚）"}


class Loop:
    """`ask` takes the rounds that the engine answers with."""

    def __init__(self, engine: Running, asking: Asking) -> None:
        self.engine, self.asking = engine, asking
        self.track = StubTool("track")
        title = {"zh": "取消订单", "en": "Cancel the order"}
        self.cancel = StubTool("cancel", "write", title, required=("order",), field_of={})
        self.tools = StubTools([self.track, self.cancel])
        self.proposals = Proposals()
        self.max_rounds = 4

    async def ask(
        self, *rounds: Round, text: str = f"{WAYBILL} 到哪了", **more: Any
    ) -> list[Event]:
        requests.post(self.engine.url + "/script", json=list(rounds), timeout=5)
        tools = ToolRounds(self.tools, self.proposals, max_rounds=self.max_rounds)
        return await self.asking.ask(text, tools, **more)

    def bodies(self, last: int) -> list[dict[str, Any]]:
        """What the engine was asked in the last rounds."""
        state = requests.get(self.engine.url + "/state", timeout=5).json()
        asked: list[dict[str, Any]] = state["bodies"][-last:]
        return asked


def said(events: Sequence[Event]) -> str:
    writer = CompletionWriter()
    writer.push(events)
    (choice,) = writer.completion()["choices"]
    assert choice["finish_reason"] == "stop"
    assert "tool_calls" not in choice["message"]
    assert isinstance(events[-1], Finished)
    return str(choice["message"]["content"])


def outcome(events: Sequence[Event]) -> str:
    (found,) = [event.outcome for event in events if isinstance(event, Outcome)]
    return found


def progress(events: Sequence[Event]) -> list[ToolProgress]:
    return [event for event in events if isinstance(event, ToolProgress)]
