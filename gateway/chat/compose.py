"""The body that one engine gets for one question: raw, the assistant's for vLLM, or the assistant's for `lite`."""

from typing import Any

from gateway.chat import control, prompt
from gateway.chat.request import ChatRequest, Message
from gateway.engines.body import Body
from gateway.engines.upstream import Upstream
from gateway.errors import ContextLengthExceeded
from gateway.media.album import Album


def compose(
    request: ChatRequest,
    album: Album,
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
    body = make(request, album, citations, upstream, assistant, scale)
    if not upstream.is_lite:
        control.defuse(body)
        if salt:
            body["cache_salt"] = salt
    return Body(body)


def _raw(
    request: ChatRequest,
    album: Album,
    citations: list[dict[str, Any]],
    upstream: Upstream,
    assistant: bool,
    scale: float,
) -> dict[str, Any]:
    messages = prompt.engine_messages(request.messages, album.fitted, album.notes)
    return prompt.engine_body(request, upstream.model, messages, None)


def _for_lite(
    request: ChatRequest,
    album: Album,
    citations: list[dict[str, Any]],
    upstream: Upstream,
    assistant: bool,
    scale: float,
) -> dict[str, Any]:
    """One image part a shot, with the reading of the whole, since `lite` reads lines and not patches;
    readings in the same order. A shot without a reading is all of its tiles, each to be read there."""
    shots: prompt.Pictures = {}
    shown = [shot for shot in album.shots if shot.fitted]
    for shot in shown:
        is_read = assistant and shot.reading is not None
        shots.setdefault(shot.place, []).extend(shot.fitted[:1] if is_read else shot.fitted)
    dropped, over = _dropped(request, shots, album.notes, upstream, 0)
    if over:
        raise ContextLengthExceeded(
            f"The question has about {over} tokens more than fit: the context holds {upstream.max_model_len} with the answer. "
            "Shorten the text.",
            param="messages",
        )
    if dropped and not assistant:
        raise ContextLengthExceeded(
            f"The messages do not fit the context of {upstream.max_model_len} tokens; leave out the oldest {dropped}.",
            param="messages",
        )
    messages = prompt.engine_messages(request.messages, shots, album.notes)[dropped:]
    if not assistant:
        return prompt.engine_body(request, upstream.model, messages, None)
    kept = [shot for shot in shown if shot.place[0] >= dropped]
    structured = {
        "locale": prompt.locale_of(request.question),
        "clauses": citations,
        "readings": [
            reading for shot in kept for reading in ([shot.reading] if shot.reading else [None] * len(shot.fitted))
        ],
    }
    return prompt.engine_body(request, upstream.model, messages, structured)


def _for_assistant(
    request: ChatRequest,
    album: Album,
    citations: list[dict[str, Any]],
    upstream: Upstream,
    assistant: bool,
    scale: float,
) -> dict[str, Any]:
    system = prompt.knowledge_prompt(citations, album.shown)
    dropped, _ = _dropped(request, album.fitted, album.notes, upstream, prompt.estimate_tokens(system), scale)
    messages = prompt.engine_messages(request.messages, album.fitted, album.notes)[dropped:]
    own = [message["content"] for message in messages if message["role"] == "system"]
    text = "\n\n".join([system, *map(prompt.text_of, own)])
    rest = [message for message in messages if message["role"] != "system"]
    return prompt.engine_body(request, upstream.model, [{"role": "system", "content": text}, *rest], None)


def _dropped(
    request: ChatRequest,
    pictures: prompt.Pictures,
    notes: dict[tuple[int, int], str],
    upstream: Upstream,
    fixed: int,
    scale: float = 1.0,
) -> tuple[int, int]:
    """How many of the oldest messages go, and by how much the rest is over; a tool's answer never stays without the call before it."""
    costs = [0] * len(request.messages)
    if not upstream.is_lite:
        for (number, _), made in pictures.items():
            costs[number] += sum(upstream.picture_tokens(picture.tokens) for picture in made)
        for (number, _), note in notes.items():
            costs[number] += prompt.estimate_tokens(note)
    dropped, over = prompt.fit(request.messages, fixed, costs, upstream.max_model_len, request.wanted_tokens, scale)
    while dropped < len(request.messages) - 1 and _hangs(request.messages[dropped]) and dropped:
        dropped += 1
    return dropped, over


def _hangs(message: Message) -> bool:
    return message.role == "tool"
