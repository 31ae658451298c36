"""The assistant's loop: which tools a turn is offered, and what follows a round that called some.

Where a language model must not choose the words (a write that is only proposed, a system that
failed, what is missing), the gateway ends the answer with a sentence of its own. `lite` says these
itself, from the results. A client's own tools are never run: where a round calls some of them and
some of ours, ours are run and the engine is asked again, so that the client gets its calls alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gateway.assistant.briefing import Briefing
from gateway.assistant.intents import SEARCHED
from gateway.assistant.language import Language
from gateway.assistant.left_out import left_out
from gateway.assistant.tool_hints import Hint, hint
from gateway.assistant.tool_messages import call_message, result_message
from gateway.assistant.tool_offer import AUTO, NONE, Offer
from gateway.assistant.tool_results import titles
from gateway.assistant.tool_words import labels_of, proposal, sentence, title_of, with_basis
from gateway.chat.engine_request import EngineInput, question_language
from gateway.chat.events import Push
from gateway.chat.question import Question
from gateway.chat.rounds import Round
from gateway.chat.tool_calls import Proposer, Ran, ToolCalls
from gateway.chat.tool_steps import Again, Ended
from gateway.chat.written_calls import written_call
from gateway.connectors.tool import Identity, Tools
from gateway.errors import InvalidRequest
from gateway.media.attachments import Attachments
from gateway.openai.chat_request import ChatRequest

MAX_SAME = 3  # identical calls in one turn end the loop
UNREADABLE: dict[Language, str] = {
    "zh": "没能正确发起",
    "en": "the request could not be put in the right form",
}


def check_client_tools(request: ChatRequest, tools: Tools) -> None:
    """Raises InvalidRequest where a client's tool has a connector's name."""
    for tool in request.tools or ():
        name = tool.function.name
        if tools.find(name) is not None:
            raise InvalidRequest(
                f"{name} is the name of one of the desk's own tools; choose another name.",
                param="tools",
                details={"name": name},
            )


class ToolRounds:
    """`max_rounds`: MAX_TOOL_ROUNDS."""

    def __init__(self, tools: Tools, actions: Proposer, *, max_rounds: int) -> None:
        self._tools = tools
        self._actions = actions
        self._max_rounds = max_rounds

    def begin(
        self, question: Question, briefing: Briefing, attachments: Attachments, push: Push
    ) -> "ToolTurn | None":
        """None where the caller is offered no tool. A client that steers calls itself, or wants
        JSON, gets none of ours."""
        request, caller = question.request, question.caller
        is_steered = request.tool_choice not in (None, AUTO)
        is_json = request.response_format is not None and request.response_format.type != "text"
        if not self._max_rounds or is_steered or is_json:
            return None
        identity = Identity(caller.subject, caller.tenant)
        tools = {tool.name: tool for tool in self._tools.offered(identity)}
        if not tools:
            return None
        language = question_language(request)
        calls = ToolCalls(*(tools, identity, question, attachments, language, self._actions, push))
        fits = hint(list(tools.values()), request.question, attachments.readings, language)
        return ToolTurn(calls, briefing, self._max_rounds, fits)


class ToolTurn:
    """The tools of one turn. Small talk is told of them and may call none: the beginning of the
    prompt, which the engine's prefix cache keeps, stays the same in a conversation."""

    def __init__(self, calls: ToolCalls, briefing: Briefing, max_rounds: int, fits: Hint) -> None:
        self._calls = calls
        self._briefing = briefing
        self._rounds_left = max_rounds if briefing.intent in SEARCHED else 0
        self._same: Counter[tuple[str, str]] = Counter()
        self._is_repaired = False
        self._repairs: str | None = None  # the tool whose wrong call is made once more
        self.may_call = self._rounds_left > 0
        self.further: tuple[dict[str, Any], ...] = ()
        choice = AUTO if self.may_call else NONE
        self.offer = Offer(tuple(calls.tools.values()), choice, hint=fits)
        self._look = fits.look if self.may_call else ""

    @property
    def refusal(self) -> str:
        """The sentence that is no answer where a tool fits or has a result; "" elsewhere."""
        is_wrong = self._look or self._told()
        return self._briefing.persona.refusal[self._calls.language] if is_wrong else ""

    def given(self, given: EngineInput) -> EngineInput:
        """What the engine is asked in the next round."""
        return replace(given, further=self.further, offer=self.offer)

    async def after(self, one: Round, *, is_lite: bool) -> Again | Ended | None:
        """What follows a round. None: the answer is complete as the engine wrote it."""
        has_clients = bool(self._calls.question.request.tools)
        ours = [call for call in one.calls if call.name in self._calls.tools or not has_clients]
        if not ours:
            written = None if is_lite else written_call(one.doubtful, self._calls.tools)
            if written is not None and (written or not has_clients):
                return self._written(written)
            if one.is_refusal and not (is_lite or one.calls):
                return self._look_first() if self._look else Ended(self._told(), "answered")
            is_silent = not (one.calls or one.text.strip() or one.doubtful.strip())
            return self._silent() if is_silent else None
        self._same.update((call.name, call.arguments) for call in ours)
        if not self._rounds_left or max(self._same.values()) >= MAX_SAME:
            return self._given_up()
        self._rounds_left -= 1
        self._repairs, self._look = None, ""
        ran = await self._calls.run(ours)
        step = Again() if is_lite else self._step(ran, has_spoken=bool(one.text.strip()))
        self._note(ran, one.text, step)
        return step

    def _written(self, name: str) -> Again | Ended:
        """What follows a call that is written as text: it is made once more with the tool's name.
        `name`: "" where no tool of this turn is meant."""
        if name and self._rounds_left and not self._is_repaired and self.offer.choice == AUTO:
            self._is_repaired = True
            self.offer = replace(self.offer, choice=name)
            return Again()
        step = self._silent()
        if step is not None:
            return step
        return self._cannot(name, UNREADABLE[self._calls.language]) if name else self._given_up()

    def _look_first(self) -> Again:
        """A refusal where one read fits the question's number: that system is asked, once."""
        self.offer = replace(self.offer, choice=self._look)
        self._look = ""
        return Again()

    def _silent(self) -> Again | Ended | None:
        """What follows a round without a word: a call that the engine's parser could not read, or a
        model that thinks that the result says it all."""
        if told := self._told():
            return Ended(told, "answered")
        if self._is_repaired:
            return None
        self._is_repaired = True
        self.offer = replace(self.offer, choice=NONE)
        return Again()

    def _told(self) -> str:
        """What the systems have said in this turn, in words."""
        done = [one.result for one in self._calls.ran if one.note == "done"]
        told = (with_basis(one, self._calls.language) for one in done)
        return "\n\n".join(filter(None, told))

    def _given_up(self) -> Ended:
        offer = self._briefing.persona.handoff_offer[self._calls.language]
        return Ended(
            f"{sentence(self._calls.language, 'too_many')}{self._gap}{offer}", "handoff", "loop"
        )

    def _note(self, ran: Sequence[Ran], text: str, step: Again | Ended) -> None:
        """Puts what was done into the next round's question."""
        language, is_last = self._calls.language, not self._rounds_left
        results = [one.result for one in ran]
        told = [
            result_message(
                one.result, language, one.note, labels=self._labels([one]), is_last=is_last
            )
            for one in ran
        ]
        said = "\n\n".join(part for part in (text.strip(), step.text) if part)
        self.further = (*self.further, call_message(results, said), *told)
        choice = NONE if is_last else AUTO
        self.offer = replace(self.offer, results=(*self.offer.results, *results), choice=choice)
        if self._repairs is not None and not is_last:
            self.offer = replace(self.offer, choice=self._repairs)

    def _step(self, ran: Sequence[Ran], *, has_spoken: bool) -> Again | Ended:
        """What follows a language model's calls."""
        notes = {one.note for one in ran}
        has_result = any(one.note == "done" for one in self._calls.ran)
        if "proposed" in notes:
            return self._proposed(ran, has_spoken=has_spoken)
        failures = self._failures(ran)
        if failures and not has_result:
            offer = self._briefing.persona.handoff_offer[self._calls.language]
            return Ended(f"{failures}{self._gap}{offer}", "handoff", "action")
        if "missing" in notes and not has_result and self._briefing.verdict != "answer":
            return self._asked(ran)
        if "again" in notes:
            return self._repaired(ran, failures)
        if "refused" in notes and any(one.tool is not None for one in ran if one.note == "refused"):
            return self._not_done(ran)
        return Again(failures)

    def _proposed(self, ran: Sequence[Ran], *, has_spoken: bool) -> Ended:
        """The results that nobody has said yet, what will happen, and what failed."""
        language = self._calls.language
        said = [] if has_spoken else [one for one in self._calls.ran if one.note == "done"]
        parts = [with_basis(one.result, language) for one in said]
        parts += [
            proposal(one.tool, one.result, language)
            for one in ran
            if one.tool is not None and one.note == "proposed"
        ]
        parts += [self._failures(ran), self._left_out()]
        return Ended("\n\n".join(part for part in parts if part), "answered")

    def _left_out(self) -> str:
        every = self._calls.ran
        proposed = [
            (one.tool, one.result.arguments)
            for one in every
            if one.tool is not None and one.note == "proposed"
        ]
        called = [one.result.arguments for one in every]
        question = self._calls.question.request.question
        return left_out(question, proposed, called, self._calls.language)

    def _failures(self, ran: Sequence[Ran]) -> str:
        language = self._calls.language
        return self._gap.join(
            sentence(
                language,
                one.note,
                title=title_of(one.result.title, language),
                reason=one.result.reason,
            )
            for one in ran
            if one.note in ("failed", "nothing")
        )

    def _not_done(self, ran: Sequence[Ran]) -> Ended:
        """A write that could not even be proposed."""
        wrong = next(one.result for one in ran if one.note == "refused" and one.tool is not None)
        return self._cannot(wrong.name, wrong.reason)

    def _cannot(self, name: str, reason: str) -> Ended:
        language = self._calls.language
        title = title_of(titles(self._calls.tools[name]), language)
        told = sentence(language, "cannot", title=title, reason=reason)
        offer = self._briefing.persona.handoff_offer[language]
        return Ended(f"{told}{self._gap}{offer}", "handoff", "action")

    def _asked(self, ran: Sequence[Ran]) -> Ended:
        """Asks for what is missing, once: who was asked for it before is offered a person."""
        language = self._calls.language
        missing = [one for one in ran if one.note == "missing"]
        question = sentence(language, "ask", labels=self._labels(missing))
        messages = self._calls.question.request.messages
        if any(one.role == "assistant" and question in one.text for one in messages):
            return Ended(self._briefing.persona.handoff_offer[language], "handoff", "loop")
        return Ended(question, "clarify")

    def _repaired(self, ran: Sequence[Ran], failures: str) -> Again | Ended:
        """One wrong call of a turn is made once more, with the tool's name and its schema."""
        wrong = [one for one in ran if one.note == "again"]
        if not self._is_repaired:
            self._is_repaired = True
            self._repairs = wrong[0].result.name
            self._rounds_left += len(wrong) == len(ran)  # such a round has asked nothing
            return Again(failures)
        language = self._calls.language
        title = title_of(wrong[0].result.title, language)
        if labels := self._labels(wrong):
            return Ended(sentence(language, "check", title=title, labels=labels), "clarify")
        reason = wrong[0].result.reason
        return Ended(sentence(language, "cannot", title=title, reason=reason), "clarify")

    def _labels(self, ran: Sequence[Ran]) -> str:
        """What a person calls the properties that are missing or wrong."""
        language = self._calls.language
        named = {
            labels_of(one.tool, [name], language): None
            for one in ran
            if one.tool is not None
            for name in one.names
        }
        return ("、" if language == "zh" else ", ").join(named)

    @property
    def _gap(self) -> str:
        """Between two sentences."""
        return "" if self._calls.language == "zh" else " "
