"""A client's messages and parameters in the form that engines take: pictures as data URLs, and
notes behind them or in their place.

The assistant's own texts are in `gateway/assistant/prompt.toml`.
"""

from collections.abc import Callable
from typing import Any

from gateway.assistant.language import Language, language_of
from gateway.chat.context_window import SYSTEM_ROLES
from gateway.media.picture import Picture
from gateway.openai.chat_request import SAMPLING, ChatRequest, PageRequest
from gateway.openai.messages import Message, TextPart
from gateway.upstream.request_body import DataURL

# What the assistant asks a language model for where the request names none: a loop of the model
# then ends, and answers vary little.
ANSWER_TOKENS = 800
TEMPERATURE = 0.2

# Parameters that are objects: only they need Pydantic's serializer.
MODELS = frozenset(("response_format", "tools", "tool_choice"))

STAFF = "staff"  # the name of the page's messages that a person wrote
STAFF_CHARACTERS = 2_000  # of one such message
STAFF_MARKS: dict[Language, str] = {"zh": "[人工客服] ", "en": "[A member of staff] "}

# Pictures by the place of their part: (message, part) → the pictures there, in order.
Pictures = dict[tuple[int, int], list[Picture]]
Notes = dict[tuple[int, int], str]  # by the same place
Clean = Callable[[str], str]


def engine_body(
    request: ChatRequest,
    model: str,
    messages: list[dict[str, Any]],
    sightdesk: dict[str, Any] | None,
) -> dict[str, Any]:
    """The OpenAI body as an engine gets it: the parameters that were given, and always a stream
    with the usage in it. `sightdesk`: the field for `lite`."""
    named = request.model_fields_set & SAMPLING
    given = {
        name: value for name in named - MODELS if (value := getattr(request, name)) is not None
    }
    if models := named & MODELS:
        given |= request.model_dump(mode="json", by_alias=True, exclude_none=True, include=models)
    body = {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **given,
    }
    if request.wanted_tokens:
        body["max_tokens"] = request.wanted_tokens
    if request.logprobs is None:
        body.pop("top_logprobs", None)
    if sightdesk is not None:
        body["sightdesk"] = sightdesk
    return body


def engine_messages(
    request: ChatRequest, pictures: Pictures, notes: Notes, clean: Clean = str
) -> list[dict[str, Any]]:
    """The messages with every picture as a data URL. `notes` stand after the pictures of their
    place, or instead of them. `clean` is applied to the client's own texts."""
    return [
        {
            **_engine_message(number, message, request, pictures, notes, clean),
            "role": role_of(message, request),
        }
        for number, message in enumerate(request.messages)
    ]


def role_of(message: Message, request: ChatRequest) -> str:
    """The role that an engine is told. Only clients of `/v1` write system messages; a visitor's
    text is never one."""
    if message.role in SYSTEM_ROLES:
        return "user" if isinstance(request, PageRequest) else "system"
    return message.role


def is_of_staff(message: Message, request: ChatRequest) -> bool:
    """Whether the page says that a person wrote the message."""
    is_page = isinstance(request, PageRequest)
    return is_page and message.role == "assistant" and message.name == STAFF


def staff_words(text: str) -> str:
    """A person's message as an engine is told it, marked, STAFF_CHARACTERS at most."""
    return STAFF_MARKS[language_of([text])] + text[:STAFF_CHARACTERS]


def _engine_message(
    number: int,
    message: Message,
    request: ChatRequest,
    pictures: Pictures,
    notes: Notes,
    clean: Clean,
) -> dict[str, Any]:
    if is_of_staff(message, request):
        return {"role": message.role, "content": clean(staff_words(message.text))}
    made: dict[str, Any] = {"role": message.role}
    if more := message.model_fields_set - {"role", "content"}:
        made |= message.model_dump(mode="json", exclude_none=True, include=more)
    if not isinstance(message.content, list):
        made["content"] = clean(message.content or "")
        return made
    parts: list[dict[str, Any]] = []
    for index, part in enumerate(message.content):
        if isinstance(part, TextPart):
            parts.append({"type": "text", "text": clean(part.text)})
        parts += [_image_part(picture) for picture in pictures.get((number, index), ())]
        if (number, index) in notes:
            parts.append({"type": "text", "text": notes[number, index]})
    made["content"] = parts
    return made


def _image_part(picture: Picture) -> dict[str, Any]:
    url = DataURL(picture.data, picture.content_type)
    return {"type": "image_url", "image_url": {"url": url}}
