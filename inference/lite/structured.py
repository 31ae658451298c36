"""`response_format`: the fields that were found, as JSON that is valid against the schema."""

import json
from collections.abc import Iterator
from typing import Any

from inference.lite.budget import Budget
from inference.lite.conversation import Conversation
from inference.lite.filling import Filler, Unfillable
from inference.lite.found import Finder
from inference.lite.schema import Schema
from inference.lite.shape import Shape

WHERE = "response_format.json_schema.schema"
WORDS = ("answer", "reply", "response")  # properties that get the answer in words


def wanted_schema(body: dict[str, Any], budget: Budget) -> Schema | None:
    """The schema of `response_format`, or None. Raises LiteError if it is not a JSON Schema."""
    wanted = body.get("response_format") or {}
    contents = (
        (wanted.get("json_schema") or {}).get("schema")
        if wanted.get("type") == "json_schema"
        else None
    )
    return None if contents is None else Schema(contents, WHERE, budget)


def as_json(schema: Schema | None, conversation: Conversation, words: str) -> str:
    """The answer as JSON; `words` is the answer in words. Raises LiteError if no value is valid."""
    if schema is not None:
        return json.dumps(_filled(schema, conversation, words), ensure_ascii=False)
    made: dict[str, Any] = {"answer": words}
    for field in conversation.known_fields():
        made.setdefault(field.name, field.value)
    return json.dumps(made, ensure_ascii=False)


def _filled(schema: Schema, conversation: Conversation, words: str) -> Any:
    found = Finder(conversation)

    def find(name: str, shape: Shape) -> Iterator[Any]:
        yield from found(name, shape)
        if name.lower() in WORDS and shape.types is not None and "string" in shape.types:
            yield words

    try:
        value = Filler(schema, find, placeholders=True).make().value
    except Unfillable as error:
        raise schema.refused(f"no value was found or made up for {error} that is valid") from None
    return words if value == "" and schema.fault(words) is None else value
