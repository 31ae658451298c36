"""The body that one engine gets for a question: raw, or the assistant's; for vLLM or `lite`."""

from dataclasses import dataclass
from typing import Any

from gateway.chat import context_window, prompt, special_tokens
from gateway.errors import ContextLengthExceeded
from gateway.media.attachments import Attachments, PartPosition
from gateway.openai.chat_request import ChatRequest
from gateway.upstream.request_body import Body
from gateway.upstream.upstream import Upstream

Messages = list[dict[str, Any]]  # in OpenAI's form


@dataclass(slots=True)
class EngineInput:
    """What an engine is asked, before it is put into the form that this engine needs."""

    request: ChatRequest
    attachments: Attachments
    citations: list[dict[str, Any]]  # best first: id, title, clause, text, score
    assistant: bool  # false: the raw model
    # What came after the request's own messages: calls of tools and their results, in order.
    further: tuple[dict[str, Any], ...] = ()


def engine_request(
    given: EngineInput, upstream: Upstream, *, salt: str = "", scale: float = 1.0
) -> Body:
    """`scale`: the engine's own count of tokens over our estimate. `salt` keeps the prefix caches
    of tenants apart.

    Raises ContextLengthExceeded where `lite` cannot take it. vLLM counts with its own tokenizer and
    says so itself.
    """
    if upstream.is_lite:
        return Body(_for_lite(given, upstream))
    body = _for_assistant(given, upstream, scale) if given.assistant else _raw(given, upstream)
    special_tokens.escape_special_tokens(body)
    if salt:
        body["cache_salt"] = salt
    return Body(body)


def _raw(given: EngineInput, upstream: Upstream) -> dict[str, Any]:
    attachments = given.attachments
    notes = attachments.notes | attachments.document_notes
    messages = prompt.engine_messages(given.request, attachments.fitted, notes)
    return prompt.engine_body(given.request, upstream.model, [*messages, *given.further], None)


def _for_lite(given: EngineInput, upstream: Upstream) -> dict[str, Any]:
    """One image part for each picture that has been read, since `lite` then reads lines and not
    patches; readings in the same order. Of one without a reading it gets all tiles, and reads each.
    """
    request, attachments = given.request, given.attachments
    # A document has no picture: its image part is empty, and only its reading is looked at.
    shown = [
        shot
        for shot in attachments.items
        if shot.fitted and (given.assistant or not shot.is_document)
    ]
    pictures: prompt.Pictures = {}
    for shot in shown:
        is_read = given.assistant and shot.reading is not None
        pictures.setdefault(shot.position, []).extend(shot.fitted[:1] if is_read else shot.fitted)
    gone = _left_out(given, upstream)
    notes = attachments.notes
    if not given.assistant:
        notes = notes | attachments.document_notes
    messages = _kept(prompt.engine_messages(request, pictures, notes), gone)
    messages += given.further
    if not given.assistant:
        return prompt.engine_body(request, upstream.model, messages, None)
    structured = {
        "locale": prompt.locale_of(request.question),
        "clauses": given.citations,
        "readings": [
            reading
            for shot in shown
            if shot.position[0] not in gone
            for reading in ([shot.reading] if shot.reading else [None] * len(shot.fitted))
        ],
    }
    return prompt.engine_body(request, upstream.model, messages, structured)


def _left_out(given: EngineInput, upstream: Upstream) -> frozenset[int]:
    """Numbers of the oldest messages, which `lite` does not get. Raises ContextLengthExceeded."""
    request = given.request
    costs = [context_window.cost_of(message, 1.0) for message in request.messages]
    fixed = _further_tokens(given)
    room = context_window.room_for(upstream.max_model_len, request.wanted_tokens, fixed)
    gone, over = context_window.fit(request.messages, costs, room)
    if over or (gone and not given.assistant):
        over = over if given.assistant else sum(costs) - room
        raise _too_long(sum(costs), over, upstream.max_model_len)
    return gone


def _for_assistant(given: EngineInput, upstream: Upstream, scale: float) -> dict[str, Any]:
    request, attachments = given.request, given.attachments
    system = prompt.knowledge_prompt(given.citations)
    notes = _notes(attachments)
    costs = _costs(request, attachments.fitted, notes, upstream, scale)
    fixed = (context_window.estimate_tokens(system) + _further_tokens(given)) * scale
    room = context_window.room_for(upstream.max_model_len, request.wanted_tokens, fixed)
    gone, _ = context_window.fit(request.messages, costs, room)
    messages = _kept(prompt.engine_messages(request, attachments.fitted, notes), gone)
    # A client's own instructions come after ours.
    own = [
        context_window.text_of(message["content"]) for message in messages if _is_system(message)
    ]
    first = {"role": "system", "content": "\n\n".join([system, *own])}
    rest = [message for message in messages if not _is_system(message)]
    return prompt.engine_body(request, upstream.model, [first, *rest, *given.further], None)


def _is_system(message: dict[str, Any]) -> bool:
    return bool(message["role"] == "system")


def _notes(attachments: Attachments) -> dict[PartPosition, str]:
    """The text behind the pictures of each place: what they read, and what stands for those that
    were left out."""
    notes: dict[PartPosition, list[str]] = {}
    for shot in attachments.items:
        if shot.fitted and shot.reading is not None:
            notes.setdefault(shot.position, []).append(prompt.reading_note(shot.reading))
    for place, note in attachments.notes.items():
        notes.setdefault(place, []).append(note)
    return {place: "\n".join(texts) for place, texts in notes.items()}


def _costs(
    request: ChatRequest,
    pictures: prompt.Pictures,
    notes: dict[PartPosition, str],
    upstream: Upstream,
    scale: float,
) -> list[int]:
    """Tokens of each message, pictures and notes included."""
    costs = [context_window.cost_of(message, scale) for message in request.messages]
    for (number, _), made in pictures.items():
        costs[number] += sum(upstream.picture_tokens(picture.tokens) for picture in made)
    for (number, _), note in notes.items():
        costs[number] += context_window.estimate_tokens(note)
    return costs


def _further_tokens(given: EngineInput) -> int:
    return context_window.estimate_body({"messages": given.further}) if given.further else 0


def _kept(messages: Messages, gone: frozenset[int]) -> Messages:
    return [message for number, message in enumerate(messages) if number not in gone]


def _too_long(tokens: int, over: int, holds: int) -> ContextLengthExceeded:
    return ContextLengthExceeded(
        f"The messages have about {tokens} tokens; beside the answer {over} too many for a context "
        f"of {holds}. Shorten the text or leave out older turns.",
        param="messages",
        details={"limit": holds, "tokens": tokens, "tokens_over": over},
    )
