"""What other systems get with `handoff.requested`, beside the event: the conversation and links.

It is added when the event is sent, so that the outbox keeps neither. It is the same in every try,
unless turns are deleted meanwhile.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from gateway.auth.tokens import Signer
from gateway.storage.database import Database
from gateway.storage.models import Turn

LINK_SECONDS = 7 * 24 * 3600  # a delivery is tried for three days
MAX_MESSAGES = 20  # the newest
MAX_TEXT = 2000  # characters of each


class WebhookData:
    """`public_url`: what links begin with; "" leaves the beginning to the receiver."""

    def __init__(self, database: Database, signer: Signer, public_url: str) -> None:
        self._database = database
        self._signer = signer
        self._url = public_url.rstrip("/")

    def complete(self, type_: str, data: dict[str, Any], created_at: int) -> dict[str, Any]:
        """`created_at`: of the event, in milliseconds since 1970. Call it from a thread.

        Adds `messages` [{role, text, author, created_at, files}], oldest first, `pictures` [{file,
        url, expires_at}] and `desk_url`. Raises StoreUnavailable.
        """
        if type_ != "handoff.requested" or "turn" not in data:
            return data
        conversation_id, handoff = data["conversation_id"], data["handoff"]
        return {
            **data,
            "messages": self._messages(conversation_id, data["turn"]["id"]),
            "pictures": [
                self._link(conversation_id, file_id, created_at // 1000 + LINK_SECONDS)
                for file_id in handoff["pictures"]
            ],
            "desk_url": f"{self._url}/desk.html#/inbox/open/{handoff['id']}",
        }

    def _link(self, conversation_id: str, file_id: str, expires_at: int) -> dict[str, Any]:
        token = self._signer.sign_file(conversation_id, file_id, expires_at)
        url = f"{self._url}/signed/files/{token}"
        return {"file": file_id, "url": url, "expires_at": expires_at}

    def _messages(self, conversation_id: str, last: str) -> list[dict[str, Any]]:
        """What was said before the turn `last`."""
        here = Turn.conversation_id == conversation_id
        upto = select(Turn.number).where(Turn.id == last).scalar_subquery()
        wanted = (
            select(Turn)
            .where(here, Turn.number < upto, Turn.text != "")
            .order_by(Turn.number.desc())
            .limit(MAX_MESSAGES)
            .options(selectinload(Turn.files))
        )
        with self._database.reading() as session:
            turns = list(reversed(list(session.scalars(wanted))))
            return [
                {
                    "role": turn.role,
                    "text": turn.text[:MAX_TEXT],
                    "author": turn.author,
                    "created_at": turn.created_at // 1000,
                    "files": [file.file_id for file in turn.files],
                }
                for turn in turns
            ]
