"""Helpers for tests of the staff's page: customers who ask for a person, and opening views."""

from dataclasses import dataclass
from typing import Any

import requests
from playwright.sync_api import Locator, Page, expect

from tests.support.access import nginx
from tests.support.paths import SCREENS
from tests.support.servers import Running
from tests.support.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer who has asked for a person."""

    customer: Visitor
    conversation: str
    handoff: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.handoff["id"])

    @property
    def number(self) -> str:
        return f"#{self.handoff['number']}"

    def said(self) -> list[tuple[str, str]]:
        """(role, text) of what was said, without notices."""
        turns = self.customer.turns(self.conversation)
        return [(one["role"], one["text"]) for one in turns if not one.get("notice")]


def waiting(desk: Running, question: str, screen: str = "", **more: str) -> Waiting:
    """`screen`: a picture of tests/data/screens that is sent with the question. `more`: of the
    hand-over: note, contact."""
    customer = Visitor(desk.url)
    content: Any = question
    if screen:
        picture = {"file": (screen, (SCREENS / screen).read_bytes())}
        stored = customer.call("POST", "/api/files", files=picture).json()
        content = [
            {"type": "text", "text": question},
            {"type": "file", "file": {"file_id": stored["id"]}},
        ]
    conversation = customer.ask(content)["conversation"]
    body = {"conversation_id": conversation, "note": "", **more}
    handoff = customer.call("POST", "/api/handoff", json=body).json()
    return Waiting(customer, conversation, handoff)


def as_staff(desk: Running, name: str, path: str, **body: Any) -> requests.Response:
    """What a colleague does behind /api/desk/; `demo` is who sits at the browser. Raises
    requests.HTTPError."""
    url = f"{desk.url}/api/desk/{path}"
    headers = {} if name == "demo" else nginx(name)
    answer = requests.post(url, headers=headers, json=body, timeout=20)
    answer.raise_for_status()
    return answer


def open_desk(page: Page, desk: Running, route: str = "") -> None:
    """Opens the page and waits until it is live."""
    page.goto(f"{desk.url}/desk.html{route}")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")


def row(page: Page, words: str) -> Locator:
    """The row of the list that has these words."""
    return page.locator(".rows li").filter(has_text=words)
