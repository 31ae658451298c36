"""What an engine is told of tools in one round of a turn."""

from dataclasses import dataclass
from typing import Any

from gateway.assistant.tool_hints import NO_HINT, Hint
from gateway.assistant.tool_results import ToolResult
from gateway.connectors.tool import Tool

AUTO, NONE = "auto", "none"


@dataclass(frozen=True, slots=True)
class Offer:
    """`choice`: `auto`, `none` (no call is possible in this round), or the name of the tool that
    must be called. `results`: of earlier rounds of this turn. `hint`: the tools that fit."""

    tools: tuple[Tool, ...] = ()
    choice: str = NONE
    results: tuple[ToolResult, ...] = ()
    hint: Hint = NO_HINT

    @property
    def openai_choice(self) -> str | dict[str, Any]:
        if self.choice in (AUTO, NONE):
            return self.choice
        return {"type": "function", "function": {"name": self.choice}}


NO_TOOLS = Offer()
