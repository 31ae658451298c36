"""Tools of a made-up company, in memory: what connectors give the assistant."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.connectors.tool import (
    Confirm,
    Done,
    Effect,
    Identity,
    Notification,
    Outcome,
    Tool,
    WrongArguments,
)
from gateway.errors import StoreUnavailable

SENT = {"status": "运输中", "event": "已到杭州转运中心 14:05"}


@dataclass
class StubTool:
    """`outcomes`: of its calls in turn; the last one stays. `asked`: the arguments of each call.
    Every property is text, and the required ones must be given."""

    name: str
    effect: Effect = "read"
    title: Mapping[str, str] = field(default_factory=lambda: {"zh": "查询物流", "en": "Track"})
    description: Mapping[str, str] = field(default_factory=lambda: {"zh": "物流", "en": "Parcels"})
    required: tuple[str, ...] = ("waybill",)
    field_of: Mapping[str, str] = field(default_factory=lambda: {"waybill": "waybill_number"})
    secrets: frozenset[str] = frozenset()
    confirm: Confirm = field(default_factory=Confirm)
    outcomes: list[Outcome] = field(default_factory=lambda: [Done(dict(SENT))])
    has_key: bool = False
    retries: int = 0
    needs_user: bool = False
    needs_tenant: bool = False
    seconds: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    by: list[Identity] = field(default_factory=list)
    running: int = 0
    most: int = 0  # calls that ran side by side

    parameters: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.requires(*self.required)

    def requires(self, *names: str) -> None:
        self.required = names
        properties = {name: {"type": "string"} for name in names}
        self.parameters = {"type": "object", "properties": properties, "required": list(names)}

    def check(self, arguments: Mapping[str, Any]) -> None:
        missing = [name for name in self.required if name not in arguments]
        wrong = [name for name, value in arguments.items() if not isinstance(value, str)]
        if missing or wrong:
            problems = [f"{name} is required" for name in missing]
            raise WrongArguments([*problems, *(f"{name} is no text" for name in wrong)], missing)

    def label_of(self, name: str, language: str) -> str:
        return (
            {"waybill": "运单号", "order": "订单号"}.get(name, name) if language == "zh" else name
        )

    async def call(
        self, arguments: Mapping[str, Any], identity: Identity, action_id: str = ""
    ) -> Outcome:
        self.asked.append(dict(arguments))
        self.by.append(identity)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    async def current(
        self, arguments: Mapping[str, Any], identity: Identity
    ) -> dict[str, Any] | None:
        return None

    def say(self, arguments: Mapping[str, Any], result: Mapping[str, Any], language: str) -> str:
        return f"包裹{result.get('status')}。{result.get('event')}" if language == "zh" else ""

    def notification(
        self,
        arguments: Mapping[str, Any],
        outcome: Outcome,
        identity: Identity,
        language: str,
        said: str = "",
    ) -> Notification | None:
        return None


@dataclass
class StubTools:
    tools: list[StubTool]

    def offered(self, identity: Identity) -> Sequence[Tool]:
        return [tool for tool in self.tools if identity.user or not tool.needs_user]

    def find(self, name: str) -> Tool | None:
        return next((tool for tool in self.tools if tool.name == name), None)


@dataclass
class Proposals:
    """Keeps proposed writes in memory. `is_down`: the store does not answer."""

    made: list[dict[str, Any]] = field(default_factory=list)
    is_down: bool = False

    def propose(
        self,
        tool: Tool,
        arguments: Mapping[str, Any],
        identity: Identity,
        owner: str,
        conversation_id: str,
        answer_id: str,
        language: str,
        before: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        if self.is_down:
            raise StoreUnavailable("The database does not answer.")
        made = {
            "id": "action-" + secrets.token_urlsafe(6),
            "connector": tool.name,
            "arguments": dict(arguments),
            "status": "proposed",
            "by": tool.confirm.by,
            "owner": owner,
            "user": identity.user,
            "answer": answer_id,
            "before": before,
        }
        self.made.append(made)
        return made
