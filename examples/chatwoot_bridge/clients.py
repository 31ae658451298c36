"""The two systems: Chatwoot's API, and SightDesk's routes for staff."""

from typing import Any

import httpx

TIMEOUT = 10.0  # seconds


class Chatwoot:
    """An inbox of the type API. Customers write by its client API, notes need an agent's token."""

    def __init__(self, url: str, inbox: str, account: str, token: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT)
        self._inbox = f"/public/api/v1/inboxes/{inbox}/contacts"
        self._account = f"/api/v1/accounts/{account}/conversations"
        self._token = {"api_access_token": token}

    def open(self, identifier: str, name: str) -> tuple[str, int]:
        """Returns (the contact's source id, the conversation's number)."""
        contact = self._post(self._inbox, {"identifier": identifier, "name": name})
        source = str(contact["source_id"])
        conversation = self._post(f"{self._inbox}/{source}/conversations", {})
        return source, int(conversation["id"])

    def customer_says(self, source: str, number: int, text: str) -> None:
        self._post(f"{self._inbox}/{source}/conversations/{number}/messages", {"content": text})

    def note(self, number: int, text: str) -> None:
        """A private note: agents alone see it."""
        body = {"content": text, "message_type": "outgoing", "private": True}
        self._post(f"{self._account}/{number}/messages", body, self._token)

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        answer = self._client.post(path, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()


class SightDesk:
    """By a key that `make key NAME=… ROLE=staff` has made; its name is the assignee."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self._client = httpx.Client(
            base_url=f"{url}/api/desk/handoffs", timeout=TIMEOUT, headers=headers
        )

    def contact(self, handoff_id: str) -> str:
        """How to reach the customer; "" where they did not say."""
        answer = self._client.get(f"/{handoff_id}")
        answer.raise_for_status()
        return str(answer.json()["contact"])

    def say(self, handoff_id: str, text: str, key: str) -> str:
        """Claims it, then says the text. Returns the name of another assignee, or ""."""
        return self._step(f"/{handoff_id}/claim", {}) or self._step(
            f"/{handoff_id}/messages", {"text": text, "key": key}
        )

    def resolve(self, handoff_id: str) -> None:
        self._step(f"/{handoff_id}/resolve", {"outcome": "solved"})

    def _step(self, path: str, body: dict[str, Any]) -> str:
        answer = self._client.post(path, json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            details = answer.json()["error"]["details"]
            return str(details["assignee"] or details["status"])
        if answer.status_code != httpx.codes.NOT_FOUND:  # its conversation was deleted
            answer.raise_for_status()
        return ""
