"""A new action of a tool, before anything of it is stored."""

import secrets
from collections.abc import Mapping
from typing import Any

from gateway.connectors.tool import Identity, Tool
from gateway.storage.action_tables import Action
from gateway.storage.turns import now


def new_action(
    tool: Tool, arguments: Mapping[str, Any], identity: Identity, owner: str, language: str
) -> Action:
    """A proposal that is not stored yet. `owner`: the digest."""
    moment = now()
    return Action(
        id="action-" + secrets.token_urlsafe(16),
        connector=tool.name,
        title=dict(tool.title),
        arguments=dict(arguments),
        before=None,
        status="proposed",
        by=tool.confirm.by,
        has_key=tool.has_key,
        owner=owner,
        user=identity.user,
        tenant=identity.tenant,
        language=language,
        conversation_id="",
        answer_id="",
        parent_id=None,
        created_at=moment,
        expires_at=moment,
        decided_by=None,
        decided_at=None,
        due_at=moment,
        tries=0,
        worker=None,
        lease_until=None,
        finished_at=None,
        result=None,
        error=None,
    )
