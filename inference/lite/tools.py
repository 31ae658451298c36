"""Tool calls. A call needs every required parameter in the question, readings or earlier turns."""

import json
import re
from typing import Any

from inference.lite.budget import Budget
from inference.lite.conversation import Conversation
from inference.lite.filling import Filler, Made, Rank, Unfillable
from inference.lite.found import Finder
from inference.lite.schema import Schema

MAX_DESCRIPTION = 2_000  # characters of a tool's description that are compared with the question
WORD = re.compile(r"[a-z0-9]{1,40}|[\u2e80-\u9fff]{2}")


def calls(body: dict[str, Any], conversation: Conversation) -> list[dict[str, Any]]:
    """[{name, arguments}] of the call to make, or [] if the answer is in words.

    Raises LiteError, naming the tool, for parameters that are not a JSON Schema.
    """
    budget = conversation.budget
    tools = [
        (tool["function"], _schema(tool["function"].get("parameters"), number, budget))
        for number, tool in enumerate(body.get("tools") or [])
    ]
    choice = body.get("tool_choice") or "auto"
    if (
        not tools
        or choice == "none"
        or (conversation.turns and conversation.turns[-1].role == "tool")
    ):
        return []
    if isinstance(choice, dict):
        wanted = (choice.get("function") or {}).get("name")
        tools = [(tool, schema) for tool, schema in tools if tool.get("name") == wanted]
    find = Finder(conversation)
    find_here = Finder(Conversation([conversation.last_user], conversation.desk, budget))
    forced = choice == "required" or isinstance(choice, dict)
    filled = []
    for tool, schema in tools:
        arguments = _arguments(schema, find)
        if arguments is None:
            continue
        fit = _fit(tool, conversation.question)
        # The question must name the tool or hold its parameters: a number from an earlier turn
        # alone asks for nothing.
        if forced or fit > 0 or _is_asked(schema, find_here):
            call = {"name": str(tool["name"]), "arguments": arguments.value}
            filled.append((fit, as_function(call)))
    filled.sort(key=lambda one: -one[0])
    return [call for _, call in filled[:1]]


def as_function(call: dict[str, Any]) -> dict[str, Any]:
    """A call {name, arguments} in OpenAI's form: the arguments as JSON text."""
    return {**call, "arguments": json.dumps(call["arguments"], ensure_ascii=False)}


def _schema(parameters: dict[str, Any] | None, number: int, budget: Budget) -> Schema:
    where = f"tools.{number}.function.parameters"
    parameters = parameters or {}
    schema = Schema({**parameters, "type": "object"}, where, budget)
    if parameters.get("type", "object") != "object":
        raise schema.refused("its type must be object")
    return schema


def _fit(tool: dict[str, Any], question: str) -> int:
    """How many words the tool's name and description share with the question."""
    described = (
        f"{tool.get('name', '')} {tool.get('description') or ''}"[:MAX_DESCRIPTION]
        .lower()
        .replace("_", " ")
    )
    asked = question.lower()
    return sum(
        word in asked
        for word in set(WORD.findall(described))
        if len(word) > 2 or word[0] > "\u2e7f"
    )


def _arguments(schema: Schema, find: Finder) -> Made | None:
    """None if a required parameter is missing or what was found is not valid."""
    try:
        return Filler(schema, find, placeholders=False).make()
    except Unfillable:
        return None


def _is_asked(schema: Schema, find: Finder) -> bool:
    """Whether `find` finds all required parameters, at least one."""
    made = _arguments(schema, find) if schema.contents.get("required") else None
    return made is not None and made.rank is Rank.FOUND
