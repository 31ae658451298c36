"""The body that one engine gets for a question: raw, or the assistant's; for vLLM or `lite`."""

import math
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any

from gateway.assistant import prompt
from gateway.assistant.briefing import Briefing
from gateway.assistant.intents import SEARCHED
from gateway.assistant.language import Language, language_of
from gateway.assistant.tool_offer import AUTO, NO_TOOLS, NONE, Offer
from gateway.assistant.tool_specs import for_lite, for_model
from gateway.chat import context_window, special_tokens
from gateway.chat.engine_messages import (
    ANSWER_TOKENS,
    TEMPERATURE,
    Pictures,
    engine_body,
    engine_messages,
    role_of,
)
from gateway.errors import ContextLengthExceeded
from gateway.media.attachments import Attachments, PartPosition
from gateway.openai.chat_request import ChatRequest
from gateway.upstream.request_body import Body
from gateway.upstream.upstream import Upstream

Messages = list[dict[str, Any]]  # in OpenAI's form
TOOLS_SHARE = 2  # the company's tools take half of the context at most
UNREAD = '<reading legible="no"></reading>'  # of a picture in which nothing was read yet


@dataclass(slots=True)
class EngineInput:
    """What an engine is asked, before it is put into the form that this engine needs."""

    request: ChatRequest
    attachments: Attachments
    assistant: bool  # false: the raw model
    briefing: Briefing = field(default_factory=Briefing)
    # What came after the request's own messages: calls of tools and their results, in order.
    further: tuple[dict[str, Any], ...] = ()
    offer: Offer = NO_TOOLS  # the company's tools


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


def estimated_tokens(given: EngineInput) -> int:
    """Of the prompt and its pictures, roughly: before it is known which engine gets them."""
    texts = sum(context_window.cost_of(message, 1.0) for message in given.request.messages)
    clauses = sum(
        context_window.estimate_tokens(str(clause["text"])) for clause in given.briefing.clauses
    )
    pictures = sum(shown.tokens for made in given.attachments.fitted.values() for shown in made)
    return texts + clauses + pictures + _further_tokens(given, [])


def _raw(given: EngineInput, upstream: Upstream) -> dict[str, Any]:
    attachments = given.attachments
    pictures, notes = attachments.fitted, attachments.notes | attachments.document_notes
    if upstream.sees is False:
        pictures, notes = {}, _notes(attachments, sees=False)
    messages = engine_messages(given.request, pictures, notes)
    return engine_body(given.request, upstream.model, [*messages, *given.further], None)


def _for_lite(given: EngineInput, upstream: Upstream) -> dict[str, Any]:
    """One image part for each picture that has been read, since `lite` then reads lines and not
    patches; readings in the same order. Of one without a reading it gets all tiles, and reads each.
    """
    request, attachments, briefing = given.request, given.attachments, given.briefing
    # A document has no picture: its image part is empty, and only its reading is looked at.
    shown = [
        shot
        for shot in attachments.items
        if shot.fitted and (given.assistant or not shot.is_document)
    ]
    pictures: Pictures = {}
    for shot in shown:
        is_read = given.assistant and shot.reading is not None
        pictures.setdefault(shot.position, []).extend(shot.fitted[:1] if is_read else shot.fitted)
    gone = _left_out(given, upstream)
    notes = attachments.notes
    if not given.assistant:
        notes = notes | attachments.document_notes
    messages = _kept(engine_messages(request, pictures, notes), gone)
    if not given.assistant:
        return engine_body(request, upstream.model, messages, None)
    structured = {
        "locale": question_language(request),
        "intent": briefing.intent,
        "angry": briefing.is_angry,
        "verdict": briefing.verdict,
        "clauses": briefing.clauses,
        "suggestions": briefing.suggestions,
        "persona": briefing.persona.for_lite(),
        "actions": briefing.actions,
        "handoff": briefing.handoff and {"number": briefing.handoff["number"]},
        "readings": [
            reading
            for shot in shown
            if shot.position[0] not in gone
            for reading in ([shot.reading] if shot.reading else [None] * len(shot.fitted))
        ],
        **_tools_for_lite(given.offer),
    }
    return engine_body(request, upstream.model, messages, structured)


def _tools_for_lite(offer: Offer) -> dict[str, Any]:
    """{tools, results}, each where there are any; tools only where one may be called."""
    told: dict[str, Any] = {}
    if offer.tools and offer.choice != NONE:
        told["tools"] = [for_lite(tool) for tool in offer.tools]
    if offer.results:
        told["results"] = [result.for_lite() for result in offer.results]
    return told


def question_language(request: ChatRequest) -> Language:
    return language_of([message.text for message in request.messages if message.role == "user"])


def _left_out(given: EngineInput, upstream: Upstream) -> frozenset[int]:
    """Numbers of the oldest messages, which `lite` does not get. Raises ContextLengthExceeded."""
    request = given.request
    costs = [context_window.cost_of(message, 1.0) for message in request.messages]
    room = context_window.room_for(upstream.max_model_len, request.wanted_tokens, 0)
    gone, over = context_window.fit(request.messages, costs, room)
    if over or (gone and not given.assistant):
        over = over if given.assistant else sum(costs) - room
        raise _too_long(sum(costs), over, upstream.max_model_len)
    return gone


def _for_assistant(given: EngineInput, upstream: Upstream, scale: float) -> dict[str, Any]:
    """Rules first and the same in every turn, the conversation next, the context after the newest
    question: the engine's prefix cache then keeps the conversation and its pictures."""
    request, attachments = given.request, given.attachments
    language = question_language(request)
    client = "\n\n".join(
        message.text for message in request.messages if role_of(message, request) == "system"
    )
    tools = _fitting(
        [for_model(tool, language) for tool in given.offer.tools],
        upstream.max_model_len // TOOLS_SHARE,
    )
    system = prompt.rules(given.briefing.persona, language, client, has_tools=bool(tools))
    may_call = bool(tools) and given.briefing.intent in SEARCHED
    hint = given.offer.hint if may_call else None
    behind = prompt.context(given.briefing, language, request.question, date.today(), hint)
    pictures = attachments.fitted if upstream.sees is not False else {}
    notes = _notes(attachments, sees=upstream.sees is not False)
    costs = _costs(request, pictures, notes, upstream, scale)
    fixed = context_window.estimate_tokens(system) + context_window.estimate_tokens(behind)
    fixed = math.ceil((fixed + _further_tokens(given, tools)) * scale)
    wanted = request.wanted_tokens or min(ANSWER_TOKENS, upstream.max_model_len // 4)
    room = context_window.room_for(upstream.max_model_len, wanted, fixed)
    gone, _ = context_window.fit(request.messages, costs, room)
    messages = engine_messages(request, pictures, notes, prompt.without_tags)
    _put_behind_question(messages, behind)
    rest = [message for message in _kept(messages, gone) if not _is_system(message)]
    first = {"role": "system", "content": system}
    body = engine_body(request, upstream.model, [first, *rest, *given.further], None)
    if tools:
        # A client's own tools stay callable when ours no longer are.
        is_told = any(tool["function"]["name"] == given.offer.choice for tool in tools)
        choice = given.offer.openai_choice if is_told or given.offer.choice == NONE else AUTO
        body["tool_choice"] = "auto" if "tools" in body and choice == NONE else choice
        body["tools"] = [*body.get("tools", ()), *tools]
    return {"max_tokens": wanted, "temperature": TEMPERATURE, **body}


def _put_behind_question(messages: Messages, context: str) -> None:
    """Appends the context to the user's newest message. Plain text stays plain: engines without
    pictures may take no parts."""
    asked = next((one for one in reversed(messages) if one["role"] == "user"), None)
    if asked is None:
        messages.append({"role": "user", "content": context})
    elif isinstance(asked["content"], str):
        asked["content"] = f"{asked['content']}\n\n{context}"
    elif any(part["type"] != "text" for part in asked["content"]):
        asked["content"] = [*asked["content"], {"type": "text", "text": f"\n\n{context}"}]
    else:
        texts = [part["text"] for part in asked["content"]]
        asked["content"] = "\n\n".join([*texts, context])


def _is_system(message: dict[str, Any]) -> bool:
    return bool(message["role"] == "system")


def _notes(attachments: Attachments, *, sees: bool = True) -> dict[PartPosition, str]:
    """The text behind the pictures of each place: what they read, and what stands for those that
    were left out. `sees`: false for an engine that gets the text in place of every picture."""
    notes: dict[PartPosition, list[str]] = {}
    for shot in attachments.items:
        if shot.fitted and shot.reading is not None:
            notes.setdefault(shot.position, []).append(prompt.reading_note(shot.reading))
        elif shot.fitted and not sees:
            notes.setdefault(shot.position, []).append(UNREAD)
    for place, note in attachments.notes.items():
        notes.setdefault(place, []).append(note)
    return {place: "\n".join(texts) for place, texts in notes.items()}


def _costs(
    request: ChatRequest,
    pictures: Pictures,
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


def _fitting(tools: list[dict[str, Any]], tokens: int) -> list[dict[str, Any]]:
    """The first tools, by name, whose descriptions have so many tokens together."""
    costs = [context_window.estimate_body({"messages": [], "tools": [tool]}) for tool in tools]
    return [tool for tool, upto in zip(tools, accumulate(costs), strict=True) if upto <= tokens]


def _further_tokens(given: EngineInput, tools: list[dict[str, Any]]) -> int:
    """Tokens of the tools, and of their calls and results in this turn."""
    return context_window.estimate_body({"messages": given.further, "tools": tools})


def _kept(messages: Messages, gone: frozenset[int]) -> Messages:
    return [message for number, message in enumerate(messages) if number not in gone]


def _too_long(tokens: int, over: int, holds: int) -> ContextLengthExceeded:
    return ContextLengthExceeded(
        f"The messages have about {tokens} tokens; beside the answer {over} too many for a context "
        f"of {holds}. Shorten the text or leave out older turns.",
        param="messages",
        details={"limit": holds, "tokens": tokens, "tokens_over": over},
    )
