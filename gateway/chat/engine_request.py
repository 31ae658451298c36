"""The body that one engine gets for one question: raw, the assistant's for vLLM, or the assistant's for `lite`."""

from typing import Any

from gateway.chat import prompt, special_tokens
from gateway.errors import ContextLengthExceeded
from gateway.media.attachments import Attachments, PartPosition
from gateway.openai.chat_request import ChatRequest
from gateway.upstream.request_body import Body
from gateway.upstream.upstream import Upstream


def engine_request(
    request: ChatRequest,
    attachments: Attachments,
    citations: list[dict[str, Any]],
    upstream: Upstream,
    assistant: bool,
    *,
    salt: str = "",
    scale: float = 1.0,
) -> Body:
    """Raises ContextLengthExceeded where `lite` cannot take it; vLLM counts by its own tokenizer and says so itself.

    `scale` is the engine's own count of tokens over the estimate; `salt` keeps tenants' prefix caches apart.
    """
    if upstream.is_lite:
        make = _for_lite
    else:
        make = _for_assistant if assistant else _raw
    body = make(request, attachments, citations, upstream, assistant, scale)
    if not upstream.is_lite:
        special_tokens.escape_special_tokens(body)
        if salt:
            body["cache_salt"] = salt
    return Body(body)


def _raw(
    request: ChatRequest,
    attachments: Attachments,
    citations: list[dict[str, Any]],
    upstream: Upstream,
    assistant: bool,
    scale: float,
) -> dict[str, Any]:
    messages = prompt.engine_messages(request, attachments.fitted, attachments.notes)
    return prompt.engine_body(request, upstream.model, messages, None)


def _for_lite(
    request: ChatRequest,
    attachments: Attachments,
    citations: list[dict[str, Any]],
    upstream: Upstream,
    assistant: bool,
    scale: float,
) -> dict[str, Any]:
    """One image part a shot, with the reading of the whole, since `lite` reads lines and not patches;
    readings in the same order. A shot without a reading is all of its tiles, each to be read there."""
    shots: prompt.Pictures = {}
    shown = [shot for shot in attachments.items if shot.fitted]
    for shot in shown:
        is_read = assistant and shot.reading is not None
        shots.setdefault(shot.position, []).extend(shot.fitted[:1] if is_read else shot.fitted)
    costs = [prompt.cost_of(message, 1.0) for message in request.messages]
    room = prompt.room_for(upstream.max_model_len, request.wanted_tokens, 0)
    gone, over = prompt.fit(request.messages, costs, room)
    if over or (gone and not assistant):
        raise _too_long(
            sum(costs), over if assistant else sum(costs) - room, upstream.max_model_len
        )
    messages = _kept(prompt.engine_messages(request, shots, attachments.notes), gone)
    if not assistant:
        return prompt.engine_body(request, upstream.model, messages, None)
    kept = [shot for shot in shown if shot.position[0] not in gone]
    structured = {
        "locale": prompt.locale_of(request.question),
        "clauses": citations,
        "readings": [
            reading
            for shot in kept
            for reading in ([shot.reading] if shot.reading else [None] * len(shot.fitted))
        ],
    }
    return prompt.engine_body(request, upstream.model, messages, structured)


def _for_assistant(
    request: ChatRequest,
    attachments: Attachments,
    citations: list[dict[str, Any]],
    upstream: Upstream,
    assistant: bool,
    scale: float,
) -> dict[str, Any]:
    system = prompt.knowledge_prompt(citations)
    notes = _notes(attachments)
    costs = _costs(request, attachments.fitted, notes, upstream, scale)
    fixed = prompt.estimate_tokens(system) * scale
    gone, _ = prompt.fit(
        request.messages,
        costs,
        prompt.room_for(upstream.max_model_len, request.wanted_tokens, fixed),
    )
    messages = _kept(prompt.engine_messages(request, attachments.fitted, notes), gone)
    # A client's own instructions come after ours.
    own = [
        prompt.text_of(message["content"]) for message in messages if message["role"] == "system"
    ]
    rest = [message for message in messages if message["role"] != "system"]
    return prompt.engine_body(
        request,
        upstream.model,
        [{"role": "system", "content": "\n\n".join([system, *own])}, *rest],
        None,
    )


def _notes(attachments: Attachments) -> dict[PartPosition, str]:
    """What stands after the pictures of each place: what they read, and what stands for those that were left out."""
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
    costs = [prompt.cost_of(message, scale) for message in request.messages]
    for (number, _), made in pictures.items():
        costs[number] += sum(upstream.picture_tokens(picture.tokens) for picture in made)
    for (number, _), note in notes.items():
        costs[number] += prompt.estimate_tokens(note)
    return costs


def _kept(messages: list[dict[str, Any]], gone: frozenset[int]) -> list[dict[str, Any]]:
    return [message for number, message in enumerate(messages) if number not in gone]


def _too_long(tokens: int, over: int, holds: int) -> ContextLengthExceeded:
    return ContextLengthExceeded(
        f"The messages have about {tokens} tokens; beside the answer {over} too many for a context of {holds}. "
        "Shorten the text or leave out older turns.",
        param="messages",
        details={"limit": holds, "tokens": tokens, "tokens_over": over},
    )
