"""Customers of a desk that runs as `make demo` does: at the page, and through the OpenAI SDK."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import openai

from tests.support.screens import picture_message, screen
from tests.support.servers import wait_until
from tests.support.visitor import Visitor, events

SECONDS = 60  # for one answer
ENDED = ("done", "failed", "unknown", "cancelled", "expired")
END_SECONDS = 60  # for an action that was confirmed


@dataclass(slots=True)
class Said:
    """One answer. `tools`: names of those that gave a result; `failed`: of those that did not."""

    text: str = ""
    tools: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    citations: list[str] = field(default_factory=list)
    outcome: str = ""
    unsupported: list[str] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)
    conversation: str = ""

    @property
    def action(self) -> dict[str, Any]:
        """The only one that was proposed."""
        assert [each["status"] for each in self.actions] == ["proposed"], self
        return self.actions[0]

    def take(self, extras: Mapping[str, Any]) -> None:
        """The assistant's extras (contract, section 3)."""
        tool = extras.get("tool") or {}
        if tool.get("status") == "done":
            self.tools.append(tool["name"])
        if tool.get("status") == "failed":
            self.failed.append(tool["name"])
        if confirm := extras.get("confirm"):
            self.actions.append(confirm["action"])
        if "citations" in extras:
            self.citations = [str(each["id"]) for each in extras["citations"]]
        self.readings = extras.get("reading") or self.readings
        if grounding := extras.get("grounding"):
            self.unsupported = list(grounding["unsupported"])
        self.outcome = extras.get("outcome") or self.outcome
        self.conversation = (extras.get("conversation") or {}).get("id") or self.conversation


class Customer:
    """A conversation, as the client keeps it."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.conversation = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        raise NotImplementedError

    def ask(self, question: str, *screens: str) -> Said:
        """`screens`: names of examples/screens."""
        content: Any = {"role": "user", "content": question}
        if screens:
            content = picture_message(question, *map(screen, screens))
        self.messages.append(content)
        said = self.answer()
        self.messages.append({"role": "assistant", "content": said.text})
        self.conversation = said.conversation
        return said

    def answer(self) -> Said:
        raise NotImplementedError

    def confirm(self, action: str) -> dict[str, Any]:
        """The action after the customer's word."""
        raise NotImplementedError

    def action(self, action: str) -> dict[str, Any]:
        raise NotImplementedError

    def end_of(self, action: str) -> dict[str, Any]:
        """The action once it has ended."""
        wait_until(lambda: self.action(action)["status"] in ENDED, END_SECONDS)
        return self.action(action)


class PageCustomer(Customer):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.visitor = Visitor(url)
        self.corrections: list[dict[str, str]] = []

    def __exit__(self, *given: object) -> None:
        self.visitor.__exit__(*given)

    def correct(self, question: str, **correction: str) -> Said:
        """Asks again with a field that is corrected on a picture's card."""
        self.corrections = [correction]
        said = self.ask(question)
        self.corrections = []
        return said

    def answer(self) -> Said:
        body: dict[str, Any] = {"messages": self.messages}
        if self.corrections:
            body["corrections"] = self.corrections
        if self.conversation:
            body["conversation_id"] = self.conversation
        headers = {"content-type": "application/json"}
        answer = self.visitor.call(
            "POST", "/api/chat", data=json.dumps(body).encode(), headers=headers, stream=True
        )
        assert answer.status_code == 200, answer.text
        return collected(events(answer))

    def confirm(self, action: str) -> dict[str, Any]:
        answer = self.visitor.call("POST", f"/api/actions/{action}/confirm", json={})
        assert answer.status_code == 200, answer.text
        confirmed: dict[str, Any] = answer.json()
        return confirmed

    def action(self, action: str) -> dict[str, Any]:
        found: dict[str, Any] = self.visitor.get(f"/api/actions/{action}")
        return found

    def texts(self) -> list[str]:
        """Those of the conversation's turns, as they are stored."""
        return [str(turn["text"]) for turn in self.visitor.turns(self.conversation)]


class SdkCustomer(Customer):
    """`/v1` has no visitors: on this machine staff confirms what such a caller has proposed."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.staff = Staff(url)
        self.client = openai.OpenAI(
            base_url=url + "/v1",
            api_key="none",
            max_retries=0,
            timeout=SECONDS,
            default_headers={"X-SightDesk-Extras": "1"},
        )

    def __exit__(self, *given: object) -> None:
        self.client.close()
        self.staff.__exit__(*given)

    def answer(self) -> Said:
        stream = self.client.chat.completions.create(
            model="sightdesk", messages=self.messages, stream=True
        )
        return collected(chunk.to_dict() for chunk in stream)

    def confirm(self, action: str) -> dict[str, Any]:
        return self.staff.approve(action)

    def action(self, action: str) -> dict[str, Any]:
        return self.staff.action(action)


def collected(chunks: Iterable[Mapping[str, Any]]) -> Said:
    """The answer of a stream's events."""
    said = Said()
    for chunk in chunks:
        assert "error" not in chunk, chunk
        said.take(chunk.get("sightdesk") or {})
        for choice in chunk.get("choices") or ():
            assert not choice["delta"].get("tool_calls"), (
                "the desk's own tools are never a client's"
            )
            said.text += choice["delta"].get("content") or ""
    return said


class Staff(Visitor):
    """An anonymous caller on the demo's own machine."""

    def waiting(self) -> list[dict[str, Any]]:
        """The list of approvals."""
        return list(self.get("/api/desk/actions?status=proposed")["data"])

    def action(self, action: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/desk/actions/{action}")
        return found

    def approve(self, action: str, **more: Any) -> dict[str, Any]:
        answer = self.call("POST", f"/api/desk/actions/{action}/confirm", json=more)
        assert answer.status_code == 200, answer.text
        approved: dict[str, Any] = answer.json()
        return approved

    def steps(self, action: str) -> list[str]:
        """The states that the audit tells of."""
        return [entry["to"] for entry in self.get(f"/api/desk/audit?action={action}")]
