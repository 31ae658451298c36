"""What a ticket system needs of SightDesk's hand-overs: it checks webhooks, and answers for staff.

Standard library only. docs/people.md, "From another system".
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

LATE_SECONDS = 300


class Taken(Exception):
    """Somebody else has it, or it is over."""


def verified(secret: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
    """The event of a webhook (Standard Webhooks); None for one that SightDesk has not signed.

    `secret`: whsec_… `headers`: by lower-case name.
    """
    sent, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not moment.isdecimal() or abs(time.time() - int(moment)) > LATE_SECONDS:
        return None
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{sent}.{moment}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(mac).decode()
    signatures = headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(one.encode(), wanted.encode()) for one in signatures):
        return None
    event: dict[str, Any] = json.loads(body)
    return event


class StaffDesk:
    """`key`: made by `make key NAME=… ROLE=staff`; its name is what the customer sees."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url}/api/desk/handoffs"
        self._key = key

    def say(self, handoff_id: str, text: str, key: str) -> None:
        """Claims it, then says the text; the same `key` is told once. Raises Taken, OSError."""
        self._post(f"/{handoff_id}/claim", {})
        self._post(f"/{handoff_id}/messages", {"text": text, "key": key})

    def resolve(self, handoff_id: str) -> None:
        """Raises Taken, OSError."""
        self._post(f"/{handoff_id}/resolve", {"outcome": "solved"})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._key}"}
        request = urllib.request.Request(self._url + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except urllib.error.HTTPError as error:
            if error.code in (404, 409):
                raise Taken(json.load(error)["error"]["message"]) from None
            raise
