"""An action as clients get it (contract, section 10)."""

from collections.abc import Mapping
from typing import Any

from gateway.actions.masked import masked_arguments
from gateway.connectors.tool import Tool
from gateway.storage.action_tables import Action, AuditEntry

LANGUAGES = ("zh", "en")


def as_json(action: Action, tool: Tool | None, *, is_masked: bool = False) -> dict[str, Any]:
    """`tool`: None where its connector is no longer configured. `is_masked`: without personal
    data, for everyone but the owner."""
    arguments, before = action.arguments, action.before
    if is_masked:
        fields = tool.field_of if tool else {}
        arguments = masked_arguments(arguments, fields)
        before = None if before is None else masked_arguments(before, fields)
    return {
        "id": action.id,
        "object": "action",
        "connector": action.connector,
        "title": action.title,
        "arguments": arguments,
        "labels": labels_of(action, tool),
        "before": before,
        "effect": "write",
        "status": action.status,
        "by": action.by,
        "conversation_id": action.conversation_id or None,
        "answer": action.answer_id or None,
        "parent": action.parent_id,
        "created_at": _seconds(action.created_at),
        "expires_at": _seconds(action.expires_at),
        "decided_by": action.decided_by,
        "decided_at": _seconds(action.decided_at),
        "finished_at": _seconds(action.finished_at),
        "result": action.result,
        "error": action.error,
    }


def entry_as_json(entry: AuditEntry) -> dict[str, Any]:
    """One step as the audit tells it."""
    return {
        "time": _seconds(entry.time),
        "who": entry.who,
        "action": entry.action_id,
        "from": entry.was,
        "to": entry.now,
        "reason": entry.reason,
    }


def labels_of(action: Action, tool: Tool | None) -> Mapping[str, Mapping[str, str]]:
    """What a person calls each argument, by language."""
    return {
        name: {language: tool.label_of(name, language) if tool else name for language in LANGUAGES}
        for name in action.arguments
    }


def _seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds // 1000
