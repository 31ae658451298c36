"""Runs the calls of tools that an engine makes in one turn: reads at once and side by side, writes
as proposals that a person must confirm."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.assistant.language import Language
from gateway.assistant.tool_arguments import filled, invented, parsed
from gateway.assistant.tool_messages import Note
from gateway.assistant.tool_results import ToolResult, bounded, clean, titles, written
from gateway.assistant.tool_words import labels_of, plain, reason_of, sentence, title_of
from gateway.chat.called_tools import CalledTool
from gateway.chat.events import ActionProposed, Push, ToolProgress, tell
from gateway.chat.question import Question
from gateway.connectors.tool import NOT_FOUND, Done, Identity, Tool, WrongArguments
from gateway.errors import GatewayError
from gateway.media.attachments import Attachments

READS_AT_ONCE = 4  # of one turn: a round may hold MAX_CALLS, and others ask the same systems
MAX_PROPOSALS = 4  # of one answer: a result that says "refund everything" fills no page with cards
UNKNOWN: dict[Language, str] = {"zh": "没有这个工具", "en": "there is no such tool"}
TOO_MANY: dict[Language, str] = {
    "zh": "一次最多提出四项申请",
    "en": "one answer proposes four changes at most",
}


class Proposer(Protocol):
    """Keeps writes for a person to confirm (gateway/actions/)."""

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
        """Called in a thread. The action as JSON. Raises WrongArguments, StoreUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Ran:
    """A call and what came of it. `note`: what an engine is told about it. `names`: the properties
    that are missing or wrong."""

    tool: Tool | None
    result: ToolResult
    note: Note
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that may be made. `shown`: its arguments without secret ones."""

    id: str
    tool: Tool
    arguments: dict[str, Any]

    @property
    def shown(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.arguments.items() if name not in self.tool.secrets
        }

    @property
    def key(self) -> str:
        return f"{self.tool.name} {written(dict(sorted(self.arguments.items())))}"


@dataclass(slots=True)
class ToolCalls:
    """The calls of one turn. `tools`: those that are offered, by name."""

    tools: Mapping[str, Tool]
    identity: Identity
    question: Question
    attachments: Attachments
    language: Language
    actions: Proposer
    push: Push
    ran: list[Ran] = field(default_factory=list)  # in all rounds, in order
    _known: dict[str, ToolResult] = field(default_factory=dict)  # what was done, by its key
    _ids: set[str] = field(default_factory=set)
    # Reads end side by side, and a stream takes one event at a time.
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READS_AT_ONCE))

    async def run(self, calls: Sequence[CalledTool]) -> list[Ran]:
        """One round's calls, in their order. Never raises but for cancellation."""
        prepared = [self._prepare(call) for call in calls]
        reads: dict[str, Prepared] = {}
        for one in prepared:
            if isinstance(one, Prepared) and one.tool.effect == "read":
                reads.setdefault(one.key, one)
        read = await asyncio.gather(*map(self._read, reads.values()))
        by_id = {ran.result.id: ran for ran in read}
        ran = [
            one if isinstance(one, Ran) else by_id.get(one.id) or await self._write(one)
            for one in prepared
        ]
        self.ran += ran
        return ran

    def _prepare(self, call: CalledTool) -> Prepared | Ran:
        """The call as it may be made, or why it may not."""
        call_id = self._new_id(call.id)
        tool = self.tools.get(call.name)
        if tool is None:
            nothing = {"zh": call.name, "en": call.name}
            reason = UNKNOWN[self.language]
            result = ToolResult(call_id, call.name, nothing, {}, "refused", reason=reason)
            return Ran(None, result, "refused")
        given = parsed(call.arguments)
        one = Prepared(call_id, tool, filled(tool, given or {}, self.attachments.items))
        if given is None:
            return self._wrong(one, ["no JSON object"], ())
        try:
            tool.check(one.arguments)
        except WrongArguments as error:
            return self._wrong(one, error.problems, error.missing)
        if made_up := invented(one.shown, self._said()):
            return self._wrong(one, [], made_up)
        known = self._known.get(one.key)
        return self._again(one, known) if known is not None else one

    def _wrong(self, one: Prepared, problems: Sequence[str], missing: Sequence[str]) -> Ran:
        """Missing: nobody has said it, so it is asked for. Otherwise the call may be repaired."""
        properties = one.tool.parameters.get("properties") or {}
        named = missing or [name for name in properties if any(name in text for text in problems)]
        labels = labels_of(one.tool, named, self.language)
        if missing:
            reason = sentence(self.language, "ask", labels=labels)
        else:
            reason = plain("; ".join(problems))
        return self._refused(one, reason, "missing" if missing else "again", tuple(named))

    def _refused(self, one: Prepared, reason: str, note: Note, names: tuple[str, ...] = ()) -> Ran:
        title = titles(one.tool)
        result = ToolResult(one.id, one.tool.name, title, one.shown, "refused", reason=reason)
        return Ran(one.tool, result, note, names)

    def _again(self, one: Prepared, known: ToolResult) -> Ran:
        """The same call once more in this turn: nothing is asked, the result is the same."""
        same = ToolResult(
            *(one.id, known.name, known.title, known.arguments, known.status),
            **{name: getattr(known, name) for name in ("text", "values", "reason", "action")},
        )
        return Ran(one.tool, same, "same")

    async def _read(self, one: Prepared) -> Ran:
        async with self._places:
            return await self._asked(one)

    async def _asked(self, one: Prepared) -> Ran:
        title = title_of(one.tool.title, self.language)
        await self._show(one, title, "running", None)
        outcome = await one.tool.call(one.arguments, self.identity)
        if isinstance(outcome, Done):
            values = bounded(outcome.result)
            text = clean(one.tool.say(one.arguments, outcome.result, self.language))
            result = self._result(one, "done", text=text, values=values)
            self._known[one.key] = result
            ran = Ran(one.tool, result, "done")
        else:
            reason = reason_of(outcome, self.language, one.shown)
            note: Note = "nothing" if outcome.kind == NOT_FOUND else "failed"
            ran = Ran(one.tool, self._result(one, "failed", reason=reason), note)
        await self._show(one, title, ran.result.status, ran.result.shown)
        return ran

    async def _show(
        self, one: Prepared, title: str, status: str, result: dict[str, Any] | None
    ) -> None:
        async with self._telling:
            progress = ToolProgress(one.id, one.tool.name, title, status, result, one.shown)
            await tell(self.push, progress)

    async def _write(self, one: Prepared) -> Ran:
        """A write becomes an action. A second call of the round that says the same is not made."""
        known = self._known.get(one.key)
        if known is not None:
            return self._again(one, known)
        if sum(result.status == "proposed" for result in self._known.values()) >= MAX_PROPOSALS:
            return self._refused(one, TOO_MANY[self.language], "refused")
        question = self.question
        conversation = (question.conversation or {}).get("id") or ""
        try:
            action = await self._kept(
                *(one.tool, one.arguments, self.identity, question.caller.owner),
                *(conversation, question.answer_id, self.language),
                await one.tool.current(one.arguments, self.identity),
            )
        except WrongArguments as error:
            return self._wrong(one, error.problems, error.missing)
        except GatewayError as error:
            return self._refused(one, plain(error.message), "refused")
        await tell(self.push, ActionProposed(action))
        result = self._result(one, "proposed", action=action)
        self._known[one.key] = result
        return Ran(one.tool, result, "proposed")

    async def _kept(self, *given: Any) -> dict[str, Any]:
        """The proposal, stored. Where the turn is cancelled meanwhile its card is told all the
        same: nobody could decide about a proposal without one."""
        storing = asyncio.ensure_future(asyncio.to_thread(self.actions.propose, *given))
        try:
            return await asyncio.shield(storing)
        except asyncio.CancelledError:
            with suppress(GatewayError, WrongArguments):
                await tell(self.push, ActionProposed(await storing))
            raise

    def _result(self, one: Prepared, status: Any, **more: Any) -> ToolResult:
        return ToolResult(one.id, one.tool.name, titles(one.tool), one.shown, status, **more)

    def _new_id(self, given: str) -> str:
        """An engine may use an id again in a later round; here each call has its own."""
        made = given
        while made in self._ids:
            made = f"{given}-{len(self._ids)}"
        self._ids.add(made)
        return made

    def _said(self) -> str:
        """Everything from which an identifier may come."""
        lines = [message.text for message in self.question.request.messages]
        for reading in self.attachments.readings:
            lines += (str(line.get("text", "")) for line in reading.get("lines", ()))
            lines += (str(one.get("value", "")) for one in reading.get("fields", ()))
            lines += (str(one.get("text", "")) for one in reading.get("codes", ()))
        lines += (ran.result.said for ran in self.ran if ran.note == "done")
        return "\n".join(lines)
