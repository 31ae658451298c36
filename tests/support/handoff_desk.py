"""A gateway with a customer who asks for a person, and staff who answer."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from tests.support.live_events import Live
from tests.support.servers import Running
from tests.support.visitor import Visitor


@dataclass(slots=True)
class Desk:
    gateway: Running
    customer: Visitor

    def call(
        self, method: str, path: str, headers: dict[str, str], **more: Any
    ) -> tuple[int, dict[str, Any]]:
        answer = requests.request(
            method, self.gateway.url + path, headers=headers, timeout=20, **more
        )
        told: dict[str, Any] = answer.json()
        return answer.status_code, told["error"] if answer.status_code >= 400 else told

    def staff(self, who: dict[str, str], step: str, **body: Any) -> tuple[int, dict[str, Any]]:
        return self.call("POST", f"/api/desk/handoffs/{step}", who, json=body)

    def conversation(self, text: Any = "hello") -> str:
        return str(self.customer.ask(text)["conversation"])

    def ask_for(self, conversation: str, **more: Any) -> requests.Response:
        body = {"conversation_id": conversation, **more}
        return self.customer.call("POST", "/api/handoff", json=body)

    def notices(self, conversation: str) -> list[tuple[str, str]]:
        """(cause, status) of each turn about a hand-over."""
        turns = self.customer.turns(conversation)
        return [(one["notice"]["cause"], one["notice"]["status"]) for one in turns
                if one.get("notice")]  # fmt: skip

    def status(self, who: dict[str, str], handoff_id: str) -> str:
        return str(self.call("GET", f"/api/desk/handoffs/{handoff_id}", who)[1]["status"])

    @contextlib.contextmanager
    def live(self, conversation: str, last: int) -> Iterator[Live]:
        """The customer's events after number `last`."""
        path = f"/api/conversations/{conversation}/events"
        headers = {"last-event-id": str(last)}
        with self.customer.call("GET", path, headers=headers, stream=True) as answer:
            yield Live(answer)

    @contextlib.contextmanager
    def desk_live(self, who: dict[str, str], last: int | None = None) -> Iterator[Live]:
        """Events of all conversations, for staff."""
        headers = who if last is None else {**who, "last-event-id": str(last)}
        url = f"{self.gateway.url}/api/desk/events"
        with requests.get(url, headers=headers, stream=True, timeout=20) as answer:
            yield Live(answer)
