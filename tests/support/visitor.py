"""A visitor of the page who asks questions and reads the history."""

import json
from collections.abc import Iterator
from typing import Any, Self

import requests

SETTINGS = {
    "ENGINE": "cpu",
    "READER_URL": "",
    "API_KEYS": "shop:sk-shop,other:sk-other",
    "RESUME_GRACE": "1",
}


class Visitor:
    """A person at the page, with a cookie of their own, or the holder of a key or token. Its
    connections are closed at the end of a `with`, or when nobody refers to it any more."""

    def __init__(self, url: str, bearer: str = "") -> None:
        self.url = url
        self.session = requests.Session()
        if bearer:
            self.session.headers["authorization"] = f"Bearer {bearer}"
        self.get("/api/config")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=30, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more).json()

    def begin(self, text: Any, conversation: str | None = None, **more: Any) -> requests.Response:
        body: dict[str, Any] = {"messages": [{"role": "user", "content": text}], **more}
        if conversation:
            body["conversation_id"] = conversation
        return self.call("POST", "/api/chat", data=json.dumps(body).encode(),
                         headers={"content-type": "application/json"}, stream=True)  # fmt: skip

    def ask(self, text: Any, conversation: str | None = None, **more: Any) -> dict[str, Any]:
        """What the first event tells, once the answer has ended."""
        return told(self.begin(text, conversation, **more))

    def turns(self, conversation: str) -> list[dict[str, Any]]:
        whole = self.get(f"/api/conversations/{conversation}")
        assert whole["turns"] == len(whole["messages"])
        return list(whole["messages"])


def events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith(b"data: {"):
            yield json.loads(line[6:])
        if line == b"data: [DONE]":
            return


def told(answer: requests.Response) -> dict[str, Any]:
    first, *_ = [event["sightdesk"] for event in events(answer) if "sightdesk" in event]
    answer.close()
    return {
        "conversation": first["conversation"]["id"],
        "turn": first["conversation"]["turn"],
        "answer": first["answer"]["id"],
    }


def began(answer: requests.Response) -> dict[str, Any]:
    """What an answer tells that goes on being written; its words have begun."""
    first: dict[str, Any] = {}
    for event in events(answer):
        first = first or event["sightdesk"]
        if event.get("choices") and event["choices"][0]["delta"]["content"] == " 3":
            return {"conversation": first["conversation"]["id"], "answer": first["answer"]["id"]}
    raise AssertionError("the answer ended too early")


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]
