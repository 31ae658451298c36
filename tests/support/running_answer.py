"""An answer that is being written, and its customer at other gateways."""

import json
from collections.abc import Iterator
from typing import Any, Protocol

import requests

from tests.support.visitor import Visitor


class Desk(Protocol):
    """A gateway, or nginx before several. `url` may hold a name and a password."""

    @property
    def url(self) -> str: ...


class Answer:
    """A streamed answer that a customer reads at the first gateway; `at` is the same customer at
    another one."""

    def __init__(self, gateway: Desk, order: str = "endless") -> None:
        self.customer = Visitor(gateway.url)
        self.stream = self.customer.begin(order)
        self.lines = self.stream.iter_lines()
        self.events = list[bytes]()
        first = self.read(6)
        told = next(one for one in map(extras, first) if "conversation" in one)
        self.id, self.conversation = told["answer"]["id"], told["conversation"]["id"]

    def read(self, count: int) -> list[bytes]:
        found: list[bytes] = []
        while len(found) < count:
            line = next(self.lines)
            if line.startswith(b"data:"):
                found.append(line)
        self.events += found
        return found

    def at(self, gateway: Desk) -> Visitor:
        other = Visitor(gateway.url)
        other.session.cookies.update(self.customer.session.cookies)
        return other

    def resumed(self, gateway: Desk, start: int = 0) -> requests.Response:
        path = f"/api/chat/{self.id}?from={start}"
        return self.at(gateway).call("GET", path, stream=True)


def extras(line: bytes) -> dict[str, Any]:
    return dict(json.loads(line[5:]).get("sightdesk", {}))


def data_lines(response: requests.Response) -> Iterator[bytes]:
    return (line for line in response.iter_lines() if line.startswith(b"data:"))


def taken(lines: Iterator[bytes], count: int) -> list[bytes]:
    return [next(lines) for _ in range(count)]
