"""Takes the model's special tokens out of text from outside.

To Qwen's tokenizer `<|im_end|>` ends a turn wherever it stands: a visitor who types it could open a
system turn, take a picture's place or forge a tool's answer (docs/decisions/010-control-tokens.md).
"""

import json
import re
from typing import Any

# The `<` of tokens with bars, by their form, and of those without, by name.
OPENING = re.compile(r"<(?=\|\w+\|>|/?(?:tool_call|tool_response|think)>)")
PLAIN = {"role", "content"}  # the keys of nearly every message


def escape_special_tokens(body: dict[str, Any]) -> None:
    """Puts a space into every special token in an OpenAI body's messages and tools, in place:
    `< |im_end|>`."""
    body["messages"] = [_escaped_message(message) for message in body["messages"]]
    if "tools" in body:
        body["tools"] = _escaped(body["tools"])


def _escaped_message(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str) and message.keys() == PLAIN:  # roles are ours
        return {**message, "content": _escaped(content)}
    made: dict[str, Any] = _escaped(
        {**message, "content": _joined(content) if isinstance(content, list) else content}
    )
    for call in made.get("tool_calls", ()):
        call["function"]["arguments"] = _escaped_arguments(call["function"]["arguments"])
    return made


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return OPENING.sub("< ", value) if "<" in value else value
    if isinstance(value, dict):
        return {_escaped(name): _escaped(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value


def _joined(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Texts side by side as one, as the chat template writes them: a token may be cut in two."""
    made: list[dict[str, Any]] = []
    for part in parts:
        if made and part["type"] == made[-1]["type"] == "text":
            made[-1] = {"type": "text", "text": made[-1]["text"] + part["text"]}
        else:
            made.append(part)
    return made


def _escaped_arguments(text: str) -> str:
    """A call's arguments. vLLM parses this JSON, and the template writes what it says: `<` for
    `\\u003c`."""
    if "\\" not in text:
        return text
    try:
        return json.dumps(_escaped(json.loads(text)))
    except (ValueError, RecursionError):  # vLLM cannot parse it either
        return text
