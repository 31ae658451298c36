"""The answer after tools have run: what they returned."""

import json
from typing import Any

from inference.lite.answering.markdown import plain, quoted
from inference.lite.answering.phrases import say
from inference.lite.answering.reply import Reply
from inference.lite.conversation import Conversation

MAX_RESULT = 2_000  # characters of one result
MAX_LISTED = 20  # values of one result


def reply(conversation: Conversation) -> Reply:
    """The results since the last message of another role, in order."""
    results: list[str] = []
    for turn in reversed(conversation.turns):
        if turn.role != "tool":
            break
        results.insert(0, _told(turn.text.strip()[:MAX_RESULT]))
    text = "\n\n".join(filter(None, results))
    return Reply(f"{say('result', conversation.chinese)}\n\n{text}")


def _told(text: str) -> str:
    """A list of the values of a JSON object, any other text as a quote."""
    try:
        value = json.loads(text)
    except ValueError:
        return quoted(text)
    except RecursionError:
        return quoted(text)
    return listed(value) if isinstance(value, dict) else quoted(text)


def listed(values: dict[str, Any]) -> str:
    """The first MAX_LISTED values, one a line."""
    lines = [f"- {plain(str(name))}: {_short(one)}" for name, one in values.items()]
    return "\n".join(lines[:MAX_LISTED])


def _short(value: Any) -> str:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(map(plain, value))
    return plain(json.dumps(value, ensure_ascii=False))
