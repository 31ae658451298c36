"""How many tokens a question has, and which of its messages fit into an engine's context."""

import json
import math
from collections.abc import Sequence
from typing import Any

from gateway.openai.messages import Message, TextPart

ANSWER_TOKENS = 1024  # kept free for the answer where the client names no max_tokens
MESSAGE_TOKENS = 8  # that a chat template adds to each message
PART_CHARACTERS = 64  # that a part or a call of a tool counts for beside its text
# UTF-8's first bytes of the characters that count as a token each: U+2000 and up, which are CJK,
# symbols and emoji.
WIDE = bytes(range(0xE2, 0xF5))
SYSTEM_ROLES = frozenset(("system", "developer"))


def estimate_tokens(text: str) -> int:
    """A tokenizer's count, roughly and on the high side: one for a CJK character, one for 3.5
    others.

    262,144 characters take less than a millisecond.
    """
    wide = 0
    if not text.isascii():
        data = text.encode("utf-8", "surrogatepass")
        wide = len(data) - len(data.translate(None, WIDE))
    return wide + int((len(text) - wide) / 3.5) + 1


def estimate_body(body: dict[str, Any]) -> int:
    """The same over the messages of an engine's body and its tools, pictures left out."""
    calls = [message["tool_calls"] for message in body["messages"] if message.get("tool_calls")]
    tools = [*body.get("tools", ()), *calls]
    return (estimate_tokens(json.dumps(tools, ensure_ascii=False)) if tools else 0) + sum(
        MESSAGE_TOKENS + estimate_tokens(text_of(message.get("content")))
        for message in body["messages"]
    )


def text_of(content: Any) -> str:
    """The text of a message's content, which is a string or parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def characters_of(messages: Sequence[Message]) -> int:
    """Characters of all messages, roughly: the cost of handling them grows with it."""
    total = 0
    for message in messages:
        if isinstance(message.content, list):
            total += sum(
                PART_CHARACTERS + (len(part.text) if isinstance(part, TextPart) else 0)
                for part in message.content
            )
        else:
            total += len(message.content or "")
        for call in message.tool_calls or ():
            total += PART_CHARACTERS + len(call.function.arguments)
    return total


def cost_of(message: Message, scale: float) -> int:
    """Tokens of a message's text and of the calls in it. `scale`: an engine's own count over the
    estimate."""
    calls = sum(estimate_tokens(call.function.arguments) for call in message.tool_calls or ())
    return math.ceil((estimate_tokens(message.text) + calls + MESSAGE_TOKENS) * scale)


def room_for(max_tokens: int, wanted: int | None, fixed: float) -> int:
    """Tokens for the messages in a context of `max_tokens`: without those of the answer (`wanted`)
    and without `fixed`, which are there in any case."""
    return max_tokens - (wanted or min(ANSWER_TOKENS, max_tokens // 4)) - math.ceil(fixed)


def fit(messages: Sequence[Message], costs: Sequence[int], room: int) -> tuple[frozenset[int], int]:
    """Returns (numbers of the messages to leave out, tokens still over the room). The oldest turns
    go, as many as must."""
    over = sum(costs) - room
    gone: set[int] = set()
    if over <= 0:
        return frozenset(), 0
    for unit in units(messages):
        gone.update(unit)
        over -= sum(costs[number] for number in unit)
        if over <= 0:
            break
    return frozenset(gone), max(0, over)


def units(messages: Sequence[Message]) -> list[list[int]]:
    """Numbers of the messages that may be left out together, the oldest first.

    One unit is a user's message with everything up to the next one, or, after the user's last
    message, an assistant's message with the tools' answers to it. System messages, the user's last
    message and the last message of all, with the call it answers, are in no unit.
    """
    newest = max(
        (number for number, message in enumerate(messages) if message.role == "user"), default=-1
    )
    found: list[list[int]] = []
    for number, message in enumerate(messages):
        if message.role in SYSTEM_ROLES or number == newest:
            continue
        begins = message.role == "user" if number < newest else message.role != "tool"
        if begins or not found or found[-1][0] < newest < number:
            found.append([])
        found[-1].append(number)
    return found[:-1] if found and found[-1][-1] == len(messages) - 1 else found
