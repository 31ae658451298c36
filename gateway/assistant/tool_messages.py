"""A tool's call and its result as messages for a language model. Results are data: marked, bounded
and escaped, since the company's systems hold what strangers wrote."""

import json
from collections.abc import Sequence
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from gateway.assistant import prompt
from gateway.assistant.language import Language
from gateway.assistant.tool_results import ToolResult, written
from gateway.assistant.tool_words import title_of

# nothing: the system has no such record.
Note = Literal["done", "proposed", "failed", "nothing", "refused", "missing", "again", "same"]


def call_message(results: Sequence[ToolResult], said: str) -> dict[str, Any]:
    """The assistant's message that calls them. `said`: its text beside the calls.

    The arguments are those that counted. An engine parses them, so they are always JSON.
    """
    return {
        "role": "assistant",
        "content": said,
        "tool_calls": [
            {
                "id": result.id,
                "type": "function",
                "function": {
                    "name": result.name,
                    "arguments": json.dumps(dict(result.arguments), ensure_ascii=False),
                },
            }
            for result in results
        ],
    }


def result_message(
    result: ToolResult, language: Language, note: Note, *, labels: str = "", is_last: bool = False
) -> dict[str, Any]:
    """The tool's answer, and behind it what to do with it. `labels`: what is missing. `is_last`: no
    call is possible any more."""
    title = title_of(result.title, language)
    marks = {"tool": result.name, "title": title, "status": result.status}
    named = " ".join(f"{name}={quoteattr(value)}" for name, value in marks.items())
    parts = (result.text, written(result.values), result.reason)
    data = "\n".join(part for part in parts if part)
    lines = [
        f"<result {named}>{prompt.without_tags(data)}</result>",
        prompt.filled(language, f"result_{note}", title=title, labels=labels),
    ]
    if is_last:
        lines.append(prompt.filled(language, "last_round"))
    return {"role": "tool", "tool_call_id": result.id, "content": "\n".join(lines)}
