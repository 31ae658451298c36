"""One call of one engine: what it is asked, shortened where that is too long, and its response."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.chat import context_window
from gateway.chat.engine_messages import role_of
from gateway.chat.engine_request import EngineInput, engine_request
from gateway.chat.question import Question, TurnReport
from gateway.chat.stream_stats import StreamStats
from gateway.errors import ContextLengthExceeded, GatewayError
from gateway.observability import genai, tracing
from gateway.observability.outgoing import outgoing_headers
from gateway.observability.spans import OFF, Span
from gateway.throttling.admission import Permit
from gateway.upstream.client import EngineClient
from gateway.upstream.faults import WireError
from gateway.upstream.http1 import OnChunks, OnData, Response
from gateway.upstream.request_body import Body
from gateway.upstream.upstream import Upstream

FITTING_TRIES = 4
# A prompt of more contexts than this, by the estimate, is not counted: tokenizing megabytes would
# keep the engine from others.
MAX_COUNTED_CONTEXTS = 8
THREAD_CHARACTERS = 64 * 1024  # the body of a longer request takes tens of milliseconds to make


@dataclass(slots=True)
class Call:
    """An engine's answer that has begun. `close` it. `span` covers it to its end."""

    permit: Permit
    response: Response
    client: EngineClient
    first: bytes
    span: Span = OFF
    _closed: bool = False

    async def stream_to(self, on_data: OnData, on_chunks: OnChunks | None = None) -> None:
        """The body as it comes, to its end. Raises Broken, and what the two raise."""
        first, self.first = self.first, b""
        if held := on_data(first):
            await held
        try:
            await self.response.stream_to(on_data, on_chunks)
        except WireError as error:
            broken = self.client.broken(error)
            self.span.fail(broken.kind)
            raise broken from None

    def note(self, stats: StreamStats, report: TurnReport) -> None:
        """What the engine used, for the span."""
        if self.span:
            used = (report.model, stats.prompt_tokens, stats.completion_tokens)
            self.span.set(genai.answered(*used))

    def close(self) -> None:
        """The second time does nothing."""
        if not self._closed:
            self._closed = True
            self.response.close()
            self.permit.release()
            self.span.end()


class EngineCalls:
    """`cache_salt` of a tenant and `pseudonym` of an owner are what engines hear of them.
    `session_header` names a conversation to a router before the engines; "" for none."""

    def __init__(
        self,
        client: EngineClient,
        cache_salt: Callable[[str], str],
        pseudonym: Callable[[str], str],
        session_header: str = "",
    ) -> None:
        self._client = client
        self._session_header = session_header.lower()
        self._cache_salt = cache_salt
        self._pseudonym = pseudonym

    async def open(
        self,
        question: Question,
        given: EngineInput,
        permit: Permit,
        elsewhere: Callable[[], bool],
        report: TurnReport,
    ) -> Call:
        """The engine's response, with the first of its body. `elsewhere`: whether another engine
        could answer.

        What the engine finds too long it is asked to count. The assistant then drops older turns
        while there are any; who asked hears by how many tokens the rest is over. Raises Refused,
        and what is wrong with the request.
        """
        upstream = permit.upstream
        caller = question.caller
        salt = self._cache_salt(caller.owner if caller.kind == "key" else "desk")
        # For the turns of `lite`'s reader.
        owner = self._pseudonym(question.charged_to) if upstream.is_lite else ""
        named = self._session(question)
        scale = 1.0
        for _ in range(FITTING_TRIES):
            body = await _composed(given, upstream, salt, scale)
            try:
                return await self._begun(permit, body, elsewhere, owner, named, report)
            except ContextLengthExceeded as error:
                upstream.breaker.succeeded()  # the engine lives: it said what is wrong
                refused = error
                words = (
                    await self._count(upstream, body, pictures=False)
                    if _can_drop(given, body)
                    else None
                )
                if words is None:
                    break
                scale = max(scale * 1.05, words / context_window.estimate_body(body.content))
            except GatewayError:
                upstream.breaker.succeeded()
                raise
        counted = await self._count(upstream, body, pictures=True)
        raise _too_long(given, upstream, body, counted, refused)

    def _session(self, question: Question) -> dict[str, str]:
        """The header that keeps a conversation with one engine: a pseudonym, the same on every
        gateway."""
        if not self._session_header:
            return {}
        return {self._session_header: self._pseudonym(question.affinity)}

    async def _begun(
        self,
        permit: Permit,
        body: Body,
        elsewhere: Callable[[], bool],
        owner: str,
        named: dict[str, str],
        report: TurnReport,
    ) -> Call:
        upstream = permit.upstream
        span = _span(upstream)
        began = time.perf_counter() if span else 0.0
        try:
            with report.timing_alone("upstream"):
                response, first = await self._client.open(
                    upstream, body, elsewhere, owner, named | outgoing_headers(span)
                )
        except BaseException as error:
            span.fail_with(error)
            span.end()
            raise
        report.model = upstream.model
        if span:
            span.set(genai.first_token(time.perf_counter() - began))
        return Call(permit, response, self._client, first, span)

    async def _count(self, upstream: Upstream, body: Body, *, pictures: bool) -> int | None:
        """Tokens of the prompt by the engine's own count. None where it has none, or where the
        prompt is out of all proportion."""
        too_many = MAX_COUNTED_CONTEXTS * upstream.max_model_len
        if upstream.is_lite or context_window.estimate_body(body.content) > too_many:
            return None
        return await self._client.count_tokens(upstream, body.content, pictures=pictures)


def _span(upstream: Upstream) -> Span:
    span = tracing.span(genai.CHAT, "client")
    if span:
        span.rename(f"{genai.CHAT} {upstream.model}")
        span.set(genai.chat(upstream.model, is_lite=upstream.is_lite))
        span.set({"sightdesk.upstream": upstream.name})
    return span


async def _composed(given: EngineInput, upstream: Upstream, salt: str, scale: float) -> Body:
    if context_window.characters_of(given.request.messages) < THREAD_CHARACTERS:
        return engine_request(given, upstream, salt=salt, scale=scale)
    return await asyncio.to_thread(engine_request, given, upstream, salt=salt, scale=scale)


def _can_drop(given: EngineInput, body: Body) -> bool:
    """Whether the body still has messages that the assistant may leave out."""
    if not given.assistant:
        return False
    request = given.request
    may_go = sum(map(len, context_window.units(request.messages)))
    kept = sum(role_of(message, request) != "system" for message in request.messages)
    return len(body.content["messages"]) > 1 + kept + len(given.further) - may_go


def _too_long(
    given: EngineInput,
    upstream: Upstream,
    body: Body,
    counted: int | None,
    refused: ContextLengthExceeded,
) -> ContextLengthExceeded:
    """`counted` tokens are the prompt's, pictures included. One token at least must be left for the
    answer."""
    holds, wanted = upstream.max_model_len, given.request.wanted_tokens or 1
    if counted is None:
        tokens = context_window.estimate_body(body.content)
        details = {
            "limit": holds,
            "tokens": tokens,
            "tokens_over": max(1, tokens + wanted - holds),
            **refused.details,
        }
        return ContextLengthExceeded(refused.message, param=refused.param, details=details)
    over = counted + wanted - holds
    return ContextLengthExceeded(
        f"The messages are {over} tokens over what fits: they have {counted}, the answer takes "
        f"{wanted}, and the context holds {holds}. Leave out older turns, shorten the text or send "
        "fewer pictures.",
        param=refused.param,
        details={"limit": holds, "tokens": counted, "tokens_over": over},
    )
