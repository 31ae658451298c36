"""Tools for actions, which call a business system over HTTP."""

import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from gateway.connectors.described_tool import status_of
from gateway.connectors.tool import (
    Confirm,
    Done,
    Effect,
    Identity,
    Notification,
    Outcome,
    Refused,
    Unsure,
    WrongArguments,
)

# Made once: it takes longer than a whole action.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {"type": "string", "minLength": 3, "title": "订单号"},
        "phone": {"type": "string"},
        "pin": {"type": "string"},
    },
    "required": ["order"],
    "additionalProperties": False,
}


TITLE = {"zh": "取消订单", "en": "Cancel the order"}


@dataclass(slots=True)
class HTTPTool:
    """POSTs its arguments to `url`, with the action's id as Idempotency-Key."""

    name: str
    url: str
    has_key: bool = False
    retries: int = 2
    confirm: Confirm = field(default_factory=Confirm)
    notifies: str = ""  # the name of the tool that tells the customer
    notifies_of: tuple[str, ...] = ("done",)
    timeout: float = 10.0  # seconds; longer than a busy machine takes for any answer
    secrets: frozenset[str] = frozenset()
    parameters: Mapping[str, Any] = field(default_factory=lambda: SCHEMA)
    title: Mapping[str, str] = field(default_factory=lambda: TITLE)
    description: Mapping[str, str] = field(default_factory=lambda: TITLE)
    field_of: Mapping[str, str] = field(default_factory=lambda: {"order": "order_number"})
    effect: Effect = "write"
    needs_user: bool = False
    needs_tenant: bool = False

    def check(self, arguments: Mapping[str, Any]) -> None:
        missing = [name for name in self.parameters.get("required", ()) if name not in arguments]
        errors = Draft202012Validator(self.parameters).iter_errors(dict(arguments))
        if problems := [error.message for error in errors]:
            raise WrongArguments(problems, missing)

    def label_of(self, name: str, language: str) -> str:
        properties = self.parameters.get("properties", {})
        return str(properties.get(name, {}).get("title", name))

    async def call(
        self, arguments: Mapping[str, Any], identity: Identity, action_id: str = ""
    ) -> Outcome:
        headers = {"idempotency-key": action_id, "x-pid": str(os.getpid())}
        try:
            async with httpx.AsyncClient(
                verify=NO_TLS, trust_env=False, timeout=self.timeout
            ) as client:
                answer = await client.post(self.url, json=dict(arguments), headers=headers)
        except httpx.ConnectError:
            return Refused("the system cannot be reached", "unreachable")
        except httpx.TimeoutException:
            return Unsure("no answer in time", "timeout")
        except httpx.HTTPError:
            return Unsure("the connection broke", "broken")
        return _outcome(answer)

    async def current(
        self, arguments: Mapping[str, Any], identity: Identity
    ) -> dict[str, Any] | None:
        return None

    def say(self, arguments: Mapping[str, Any], result: Mapping[str, Any], language: str) -> str:
        words = "办好了，单号 {}。" if language == "zh" else "Done, number {}."
        return words.format(result.get("number"))

    def notification(
        self,
        arguments: Mapping[str, Any],
        outcome: Outcome,
        identity: Identity,
        language: str,
        said: str = "",
    ) -> Notification | None:
        if not self.notifies or status_of(outcome) not in self.notifies_of:
            return None
        words = said if isinstance(outcome, Done) else outcome.reason
        return Notification(self.notifies, {"order": arguments["order"], "phone": words})


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.status_code >= 500:
        return Unsure(f"the system failed with {answer.status_code}", "server_error")
    if answer.status_code >= 400:
        return Refused(answer.text)
    try:
        return Done({"number": answer.json()["number"]})
    except (ValueError, KeyError):
        return Unsure("the answer cannot be understood", "nonsense")


class Toolbox:
    """The tools as they are now; tests add and remove some."""

    def __init__(self, *tools: HTTPTool) -> None:
        self.tools = {tool.name: tool for tool in tools}

    def offered(self, identity: Identity) -> Sequence[HTTPTool]:
        return [self.tools[name] for name in sorted(self.tools)]

    def find(self, name: str) -> HTTPTool | None:
        return self.tools.get(name)
