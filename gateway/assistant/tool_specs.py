"""Tools as engines are told of them."""

from collections.abc import Mapping
from typing import Any

from gateway.assistant.language import Language
from gateway.connectors.tool import Tool

LANGUAGES = ("zh", "en")


def for_model(tool: Tool, language: Language) -> dict[str, Any]:
    """In OpenAI's form, with the texts in the question's language."""
    title = _text(tool.title, language) or tool.name
    about = _text(tool.description, language)
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": f"{title}: {about}" if about else title,
            "parameters": dict(tool.parameters),
        },
    }


def for_lite(tool: Tool) -> dict[str, Any]:
    """An entry of the engine seam's `tools` (docs/architecture.md)."""
    properties = tool.parameters.get("properties") or {}
    return {
        "name": tool.name,
        "title": dict(tool.title),
        "description": dict(tool.description),
        "effect": tool.effect,
        "parameters": dict(tool.parameters),
        "fields": dict(tool.field_of),
        "labels": {
            name: {language: tool.label_of(name, language) for language in LANGUAGES}
            for name in properties
        },
    }


def _text(texts: Mapping[str, str], language: Language) -> str:
    return texts.get(language) or next((text for text in texts.values() if text), "")
