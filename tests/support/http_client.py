"""Chat requests to a gateway, and a look at the state of gateway and fake engine."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import requests

from tests.support.servers import Running, wait_until


def body(text: str, **more: Any) -> dict[str, Any]:
    return {
        "model": "faulty-vl",
        "stream": True,
        "messages": [{"role": "user", "content": text}],
        **more,
    }


def post(gateway: Running, text: str, **more: Any) -> requests.Response:
    return requests.post(gateway.url + "/v1/chat/completions", json=body(text, **more), timeout=60)


def events(response: requests.Response) -> list[str]:
    return [line[6:] for line in response.content.decode().split("\n") if line.startswith("data: ")]


def contents(response: requests.Response) -> str:
    """The text of a stream, which must have ended with [DONE]."""
    *told, last = events(response)
    assert last == "[DONE]"
    return "".join(json.loads(event)["choices"][0]["delta"]["content"] for event in told)


def state(engine: Running) -> dict[str, Any]:
    told: dict[str, Any] = requests.get(engine.url + "/state", timeout=5).json()
    return told


def admin(engine: Running, order: str) -> None:
    with contextlib.suppress(requests.ConnectionError):  # `refuse` cuts off even this
        requests.post(f"{engine.url}/admin/{order}", timeout=5)


def metric(gateway: Running, name: str, **labels: str) -> float:
    """The sum over every series of that name with those labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = requests.get(gateway.url + "/metrics", timeout=5).text.splitlines()
    return sum(
        float(line.split()[-1])
        for line in lines
        if line.split("{")[0].split()[0] == name and all(label in line for label in wanted)
    )


def until(true: Callable[[], Any], seconds: float = 20) -> float:
    """Returns the seconds until `true()` is true. Raises AssertionError after `seconds`."""
    return wait_until(true, seconds)
