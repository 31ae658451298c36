"""Tool calls: filled when every required parameter is found in the question, the readings or earlier turns."""

import json
import re
from typing import Any

import regex

from inference.lite.conversation import Conversation

PATTERN_SECONDS = 0.02  # a pattern comes from outside; one that backtracks without end is given up
MAX_TEXT = 20_000
MAX_PATTERN = 500
WORD = re.compile(r"[a-z0-9]+|[\u2e80-\u9fff]{2}")
FIELD_OF_PARAMETER = (
    ("waybill_number", ("waybill", "tracking", "shipment", "运单", "快递", "物流")),
    ("order_number", ("order", "订单")),
    ("invoice_number", ("invoice", "发票")),
    ("error_code", ("error", "code", "错误")),
    ("phone", ("phone", "mobile", "手机", "电话")),
    ("email", ("email", "mail", "邮箱")),
    ("amount", ("amount", "price", "金额")),
    ("date", ("date", "日期")),
)


def calls(body: dict[str, Any], conversation: Conversation) -> list[dict[str, Any]]:
    """[{name, arguments}] to make, best match first; empty where the answer is words."""
    tools = [tool["function"] for tool in body.get("tools") or [] if isinstance(tool.get("function"), dict)]
    choice = body.get("tool_choice", "auto")
    if not tools or choice == "none" or (conversation.turns and conversation.turns[-1].role == "tool"):
        return []
    if isinstance(choice, dict):
        wanted = (choice.get("function") or {}).get("name")
        tools = [tool for tool in tools if tool.get("name") == wanted]
    this_turn = Conversation([conversation.last_user], conversation.clauses)
    forced = choice == "required" or isinstance(choice, dict)
    filled = []
    for tool in tools:
        parameters = tool.get("parameters") or {}
        arguments = _arguments(parameters, conversation)
        fit = _fit(tool, conversation.question)
        # Spoken of by name, or by what this very turn holds: a number from an earlier turn alone asks for nothing.
        wanted = forced or fit > 0 or bool(parameters.get("required") and _arguments(parameters, this_turn))
        if arguments is not None and wanted:
            filled.append((fit, {"name": str(tool["name"]), "arguments": json.dumps(arguments, ensure_ascii=False)}))
    filled.sort(key=lambda one: -one[0])
    return [call for _, call in filled[:1]]


def _fit(tool: dict[str, Any], question: str) -> int:
    """Words that the tool's name and description share with the question."""
    described = set(WORD.findall(f"{tool.get('name', '')} {tool.get('description') or ''}".lower().replace("_", " ")))
    asked = question.lower()
    return sum(word in asked for word in described if len(word) > 2 or word[0] > "\u2e7f")


def _arguments(parameters: dict[str, Any], conversation: Conversation) -> dict[str, Any] | None:
    """None where a required parameter is not to be found."""
    properties = parameters.get("properties") or {}
    required = parameters.get("required") or []
    taken: dict[str, Any] = {}
    for name, schema in properties.items():
        value = value_of(name, schema if isinstance(schema, dict) else {}, conversation)
        if value is not None:
            taken[name] = value
        elif name in required:
            return None
    return taken if all(name in taken for name in required) else None


def value_of(name: str, schema: dict[str, Any], conversation: Conversation) -> Any:
    for text in _sources(conversation):
        if "enum" in schema:
            found: Any = next((one for one in schema["enum"] if str(one).lower() in text.lower()), None)
        elif "pattern" in schema:
            found = _matched(str(schema["pattern"]), text)
        else:
            continue
        if found is not None:
            return _typed(found, schema)
    if "enum" in schema or "pattern" in schema:
        return schema.get("default")
    return _known(name, schema, conversation)


def _sources(conversation: Conversation) -> list[str]:
    """The question, then what pictures of it read, then earlier turns, newest first."""
    last = conversation.last_user
    earlier = [
        part
        for turn in reversed(conversation.turns)
        if turn is not last and turn.role == "user"
        for part in (turn.text, *(reading.text for reading in turn.readings))
    ]
    return [text[:MAX_TEXT] for text in (last.text, *(reading.text for reading in last.readings), *earlier) if text]


def _matched(pattern: str, text: str) -> str | None:
    """The first match inside a text; `^` and `$` mean the value's ends, which stand between other words."""
    if len(pattern) > MAX_PATTERN:
        return None
    inner = pattern.removeprefix("^").removesuffix("$") if not pattern.endswith(r"\$") else pattern.removeprefix("^")
    try:
        match = regex.search(rf"(?<![A-Za-z0-9])(?:{inner})(?![A-Za-z0-9])", text, timeout=PATTERN_SECONDS)
    except (regex.error, TimeoutError):
        return None
    return match.group(0) if match and match.group(0) else None


def _known(name: str, schema: dict[str, Any], conversation: Conversation) -> Any:
    """Without a pattern: the field that the parameter's name speaks of."""
    spoken = f"{name} {schema.get('description') or ''}".lower()
    for field, words in FIELD_OF_PARAMETER:
        if any(word in spoken for word in words):
            for known in conversation.known_fields():
                if known.name == field:
                    return _typed(known.value, schema)
    return schema.get("default")


def _typed(value: Any, schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    try:
        if kind == "integer":
            return int(re.sub(r"[^\d-]", "", str(value)))
        if kind == "number":
            return float(re.sub(r"[^\d.-]", "", str(value)))
    except ValueError:
        return None
    return value
