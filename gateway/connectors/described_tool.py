"""A tool as a file describes it. How its system is asked is its backend's matter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog

from gateway.connectors.arguments import ArgumentSchema
from gateway.connectors.environment import Hide
from gateway.connectors.http_call import Answered, Limits, Reply
from gateway.connectors.request import Unfit
from gateway.connectors.results import NotAsDescribed, NothingFound, ResultPaths, bounded
from gateway.connectors.templates import ACTION, TENANT, USER, Template
from gateway.connectors.tool import (
    NOT_FOUND,
    Confirm,
    Done,
    Effect,
    Identity,
    Notification,
    Outcome,
    Refused,
    Tool,
    Unsure,
    WrongArguments,
)
from gateway.connectors.wording import Wording
from gateway.observability import genai, tracing
from gateway.observability.metrics import Metrics
from gateway.observability.spans import Span
from gateway.privacy.redaction import mask

log = structlog.get_logger()
MAX_REASON = 300  # characters
Find = Callable[[str], Tool | None]


@dataclass(frozen=True, slots=True)
class Call:
    """`arguments`: checked, with the fixed ones. `values`: they and what `{caller.user}`,
    `{caller.tenant}` and `{action.id}` stand for."""

    arguments: dict[str, Any]
    values: dict[str, Any]
    action_id: str
    limits: Limits


class Backend(Protocol):
    """`names`: the placeholders that it fills."""

    names: frozenset[str]

    def check(self, call: Call) -> None:
        """Raises Unfit for an argument that cannot stand where the file puts it."""

    async def ask(self, call: Call) -> Reply:
        """Never raises but for cancellation."""


@dataclass(frozen=True, slots=True)
class Current:
    connector: str
    arguments: Mapping[str, Template] | None
    values: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Notify:
    connector: str
    arguments: Mapping[str, Wording]
    on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all tools share. `find` gives another tool, as it is at that moment."""

    metrics: Metrics
    hide: Hide
    find: Find


@dataclass(slots=True, eq=False)
class DescribedTool:
    """Implements `Tool`. `paths` is None where the whole answer is kept, within bounds."""

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    effect: Effect
    schema: ArgumentSchema
    backend: Backend
    around: Surroundings
    limits: Limits
    confirm: Confirm
    has_key: bool = False
    retries: int = 0  # of a write with a key, by whoever carries it out
    paths: ResultPaths | None = None
    wording: Wording | None = None
    before: Current | None = None
    notify: Notify | None = None
    fixed: Mapping[str, Template] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(init=False)
    field_of: Mapping[str, str] = field(init=False)
    secrets: frozenset[str] = field(init=False)
    needs_user: bool = field(init=False)
    needs_tenant: bool = field(init=False)

    def __post_init__(self) -> None:
        schema = self.schema
        self.parameters, self.field_of = schema.public, schema.field_of
        self.secrets = schema.secrets
        names = self.backend.names.union(*(text.names for text in self.fixed.values()))
        self.needs_user, self.needs_tenant = USER in names, TENANT in names

    def check(self, arguments: Mapping[str, Any]) -> None:
        self.schema.check(arguments)
        try:
            self.backend.check(self._filled(arguments, Identity("user", "tenant"), "action"))
        except Unfit as unfit:
            raise WrongArguments([str(unfit)]) from None

    def label_of(self, name: str, language: str) -> str:
        return self.schema.label_of(name, language)

    async def call(
        self, arguments: Mapping[str, Any], identity: Identity, action_id: str = ""
    ) -> Outcome:
        with tracing.span(f"{genai.EXECUTE_TOOL} {self.name}") as span:
            outcome = await self._called(arguments, identity, action_id)
            kind = "done" if isinstance(outcome, Done) else outcome.kind
            if span:
                _describe(span, self, kind)
        self.around.metrics.tool_calls.labels(self.name, kind).inc()
        log.info("tool_called", tool=self.name, outcome=kind)
        return outcome

    async def _called(
        self, arguments: Mapping[str, Any], identity: Identity, action_id: str
    ) -> Outcome:
        hide = self.around.hide.also(arguments.get(name) for name in self.secrets)
        if (self.needs_user and not identity.user) or (self.needs_tenant and not identity.tenant):
            return Refused("it needs a user who is signed in", "invalid")
        try:
            self.check(arguments)
            call = self._filled(arguments, identity, action_id)
            self.backend.check(call)
        except (WrongArguments, Unfit) as wrong:
            return Refused(_told(hide, str(wrong)), "invalid")
        try:
            reply = await self.backend.ask(call)
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the effect is open
            log.error("tool_failed", tool=self.name, error=type(error).__name__)
            return Unsure("the call broke off", "broken")
        if not isinstance(reply, Answered):
            return replace(reply, reason=_told(hide, reply.reason))
        return self._kept(reply, hide)

    def _kept(self, reply: Answered, hide: Hide) -> Outcome:
        if self.paths is None:
            value = reply.value if isinstance(reply.value, dict) else {"answer": reply.value}
            return Done(hide.value(bounded({} if reply.value is None else value, hide.text)))
        try:
            return Done(hide.value(self.paths.keep(reply.value, hide.text)))
        except NotAsDescribed as wrong:
            # Of a write an empty list tells nothing: it may have had its effect.
            if isinstance(wrong, NothingFound) and self.effect == "read":
                return Refused("nothing was found", NOT_FOUND)
            return Unsure("the answer does not have what it should", "nonsense")

    def _filled(self, arguments: Mapping[str, Any], identity: Identity, action_id: str) -> Call:
        special = {USER: identity.user, TENANT: identity.tenant, ACTION: action_id}
        given = {name: value for name, value in arguments.items() if value is not None}
        fixed = {name: template.text(special) for name, template in self.fixed.items()}
        whole = {**given, **fixed}
        return Call(whole, {**whole, **special}, action_id, self.limits)

    async def current(
        self, arguments: Mapping[str, Any], identity: Identity
    ) -> dict[str, Any] | None:
        before = self.before
        tool = self.around.find(before.connector) if before else None
        if before is None or tool is None or tool.effect != "read":
            return None
        if before.arguments is None:
            known = tool.parameters.get("properties", {})
            asked = {name: value for name, value in arguments.items() if name in known}
        else:
            filled = self._filled(arguments, identity, "").values
            asked = {name: _argument(text, filled) for name, text in before.arguments.items()}
        outcome = await tool.call(asked, identity)
        if not isinstance(outcome, Done):
            return None
        names = before.values or {name: name for name in self.schema.names}
        return {
            name: outcome.result[there]
            for name, there in names.items()
            if there in outcome.result and name not in self.secrets
        }

    def say(self, arguments: Mapping[str, Any], result: Mapping[str, Any], language: str) -> str:
        if self.wording is None:
            return ""
        shown = {name: value for name, value in arguments.items() if name not in self.secrets}
        return self.wording.say(language, {**shown, **result, "arguments": shown, "result": result})

    def notification(
        self,
        arguments: Mapping[str, Any],
        outcome: Outcome,
        identity: Identity,
        language: str,
        said: str = "",
    ) -> Notification | None:
        notify = self.notify
        status = status_of(outcome)
        if notify is None or status not in notify.on:
            return None
        shown = {name: value for name, value in arguments.items() if name not in self.secrets}
        result = outcome.result if isinstance(outcome, Done) else {}
        caller = {"user": identity.user, "tenant": identity.tenant}
        reason = "" if isinstance(outcome, Done) else outcome.reason
        if isinstance(outcome, Done):
            said = said or self.say(arguments, result, language)
        values = {
            **shown, **result, "arguments": shown, "result": result, "caller": caller,
            "status": status, "reason": reason, "said": said,
            "title": self.title.get(language) or next(iter(self.title.values()), self.name),
        }  # fmt: skip
        filled = {name: text.say(language, values) for name, text in notify.arguments.items()}
        return Notification(notify.connector, {name: text for name, text in filled.items() if text})


def _describe(span: Span, tool: DescribedTool, kind: str) -> None:
    span.set({**genai.tool(tool.name), "sightdesk.tool.effect": tool.effect})
    span.set({"sightdesk.tool.outcome": kind})
    if kind not in ("done", NOT_FOUND):
        span.fail(kind)


def status_of(outcome: Outcome) -> str:
    """How an action with this outcome ends."""
    if isinstance(outcome, Done):
        return "done"
    return "failed" if isinstance(outcome, Refused) else "unknown"


def _argument(template: Template, values: Mapping[str, Any]) -> Any:
    return values.get(template.alone) if template.alone else template.text(values)


def _told(hide: Hide, reason: str) -> str:
    """For a person: one line, without secrets and personal data, cut."""
    line = mask(" ".join(hide.text(reason)[: 4 * MAX_REASON].split()))
    return line if len(line) <= MAX_REASON else line[: MAX_REASON - 1] + "…"
