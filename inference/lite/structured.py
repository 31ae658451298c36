"""`response_format`: the fields found, as one JSON object that follows the schema as far as there is anything to say."""

import json
from typing import Any

from inference.lite.conversation import Conversation
from inference.lite.tools import value_of

EMPTY: dict[str, Any] = {"string": "", "number": 0, "integer": 0, "boolean": False, "array": [], "object": {}}


def as_json(body: dict[str, Any], conversation: Conversation, words: str) -> str:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema = (wanted.get("json_schema") or {}).get("schema") or {}
        return json.dumps(_object(schema, conversation), ensure_ascii=False)
    made: dict[str, Any] = {"answer": words}
    for field in conversation.known_fields():
        made.setdefault(field.name, field.value)
    return json.dumps(made, ensure_ascii=False)


def _object(schema: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
    made: dict[str, Any] = {}
    required = schema.get("required") or []
    for name, part in (schema.get("properties") or {}).items():
        kinds = part.get("type") if isinstance(part.get("type"), list) else [part.get("type", "string")]
        if "object" in kinds:
            made[name] = _object(part, conversation)
            continue
        value = value_of(
            name, {**part, "type": next((kind for kind in kinds if kind != "null"), "string")}, conversation
        )
        if value is not None:
            made[name] = value
        elif name in required:
            made[name] = None if "null" in kinds else (part.get("enum") or [EMPTY.get(kinds[0], "")])[0]
    return made
