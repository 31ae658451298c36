"""Results of business systems that a conversation has told already, as tools for a draft: what
they returned then is told again, and no system is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.connectors.tool import Confirm, Done, Effect, Identity, Outcome, Refused, Tool, Tools


@dataclass(frozen=True, slots=True)
class Told:
    """`text`: in words. `values`: as they were stored, masked."""

    text: str
    values: Mapping[str, Any]

    def is_of(self, arguments: Mapping[str, Any]) -> bool:
        """Whether it tells of what the arguments name."""
        said = f"{self.text} {self.values}"
        return all(str(value) in said for value in arguments.values())


class ToldTool:
    """A read that returns what it returned before. `results`: newest first."""

    def __init__(self, tool: Tool, results: Sequence[Told]) -> None:
        self._tool = tool
        self._results = results
        self.name = tool.name
        self.title = tool.title
        self.description = tool.description
        self.effect: Effect = "read"
        self.parameters = tool.parameters
        self.field_of = tool.field_of
        self.secrets: frozenset[str] = frozenset()
        self.confirm = Confirm()
        self.has_key = self.needs_user = self.needs_tenant = False
        self.retries = 0

    def check(self, arguments: Mapping[str, Any]) -> None:
        self._tool.check(arguments)

    def label_of(self, name: str, language: str) -> str:
        return self._tool.label_of(name, language)

    async def call(
        self, arguments: Mapping[str, Any], identity: Identity, action_id: str = ""
    ) -> Outcome:
        told = self._told(arguments)
        return Done(dict(told.values)) if told else Refused("", "refused")

    async def current(
        self, arguments: Mapping[str, Any], identity: Identity
    ) -> dict[str, Any] | None:
        return None

    def say(self, arguments: Mapping[str, Any], result: Mapping[str, Any], language: str) -> str:
        told = self._told(arguments)
        return told.text if told else ""

    def notification(
        self,
        arguments: Mapping[str, Any],
        outcome: Outcome,
        identity: Identity,
        language: str,
        said: str = "",
    ) -> None:
        return None

    def _told(self, arguments: Mapping[str, Any]) -> Told | None:
        return next((one for one in self._results if one.is_of(arguments)), None)


class ToldResults:
    """The tools of one conversation. `results`: by tool name, newest first."""

    def __init__(self, tools: Tools, results: Mapping[str, Sequence[Told]]) -> None:
        found = ((tools.find(name), told) for name, told in sorted(results.items()))
        self._tools = {
            tool.name: ToldTool(tool, told)
            for tool, told in found
            if tool is not None and tool.effect == "read"
        }

    def offered(self, identity: Identity) -> Sequence[Tool]:
        return tuple(self._tools.values())

    def find(self, name: str) -> Tool | None:
        return self._tools.get(name)
