"""Questions to the embedded engine over HTTP."""

from typing import Any

import requests

from tests.support.servers import Running, wait_until


def ask(lite: Running, *messages: object, **more: object) -> requests.Response:
    body: dict[str, Any] = {"model": "sightdesk-lite", "messages": list(messages), **more}
    return requests.post(lite.url + "/v1/chat/completions", json=body, timeout=60)


def said(answer: requests.Response) -> str:
    return str(answer.json()["choices"][0]["message"]["content"])


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def wait_for_embedding(lite: Running) -> None:
    """Waits until the embedding models are loaded: they take memory and CPU time of their own."""
    url = lite.url + "/health"
    wait_until(lambda: requests.get(url, timeout=10).json()["embedding"] != "loading", 90)
