"""The calls of tools in one round, put together from the pieces in which an engine writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.chat.events import Event, ToolCallDelta
from gateway.chat.openai_json import Choice

MAX_NAME = 64
MAX_CALLS = 16  # of one round; an engine that writes more goes astray


@dataclass(frozen=True, slots=True)
class CalledTool:
    """`arguments`: as the engine wrote them, JSON or not. `id` may be that of an earlier round."""

    id: str
    name: str
    arguments: str


def calls_in(events: Sequence[Event]) -> list[CalledTool]:
    """The calls of the first choice, in their order."""
    choice = Choice()
    for event in events:
        if isinstance(event, ToolCallDelta):
            for one in event.body["choices"]:
                if int(one.get("index", 0)) == 0:
                    choice.add(one)
    found = []
    for number in sorted(choice.calls)[:MAX_CALLS]:
        call = choice.calls[number].as_openai()
        function = call["function"]
        name = str(function.get("name") or "")[:MAX_NAME]
        arguments = str(function.get("arguments") or "")
        found.append(CalledTool(str(call.get("id") or number)[:MAX_NAME], name, arguments))
    return found
