"""While no gateway answers, nginx says so in the API's form, whoever asks for whatever."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.nginx import Front, running_front

KEY = {"authorization": "Bearer sk-shop"}
RIGHT, WRONG = ("agent", "desk"), ("agent", "guess")
# (path, who asks)
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("/v1/models", {}),
    ("/v1/models", {"headers": KEY}),
    ("/v1/models", {"auth": WRONG}),
    ("/api/config", {"auth": RIGHT}),
    ("/api/config", {"auth": WRONG}),
    ("/chat.html", {"auth": WRONG}),
    ("/desk.html", {"auth": RIGHT}),
    ("/password", {"auth": WRONG}),
    ("/auth/login", {}),
    ("/healthz", {}),
    ("/readyz", {}),
]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("nginx")) as served:
        served.gateway.process.kill()
        served.gateway.process.wait()
        yield served


@contextmanager
def hanging_up(address: str) -> Iterator[None]:
    """A server in the gateway's place that takes each request and closes the connection."""
    where = urlsplit(address)
    listener = socket.create_server((str(where.hostname), where.port or 80))

    def serve() -> None:
        while True:
            try:
                wire, _ = listener.accept()
            except OSError:
                return
            with wire:
                wire.recv(65_536)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize(("path", "who"), REQUESTS)
def test_a_gateway_that_is_away_is_unavailable(
    front: Front, path: str, who: dict[str, Any]
) -> None:
    answer = requests.get(front.url + path, timeout=10, allow_redirects=False, **who)

    assert (answer.status_code, told(answer)) == (503, "upstream_unavailable")
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["x-request-id"]


def test_a_question_that_no_gateway_got_may_be_asked_again(front: Front) -> None:
    headers = {**KEY, "origin": "http://localhost"}
    url = front.url + "/v1/chat/completions"
    answer = requests.post(url, json={}, headers=headers, timeout=10)

    assert (answer.status_code, told(answer)) == (503, "upstream_unavailable")
    assert answer.json()["error"]["details"] == {"retry_after": 5}
    assert answer.headers["access-control-allow-origin"] == "http://localhost"


def test_a_gateway_that_got_a_question_and_hung_up_is_another_error(front: Front) -> None:
    with hanging_up(front.gateway.url):
        url = front.url + "/v1/chat/completions"
        answer = requests.post(url, json={}, headers=KEY, timeout=10)

    assert (answer.status_code, told(answer)) == (502, "upstream_error")
    assert answer.headers["retry-after"] == "5"


def told(answer: requests.Response) -> str:
    """The error's code. Raises ValueError where the body is no JSON."""
    code: str = answer.json()["error"]["code"]
    return code
