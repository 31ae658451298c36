"""Hostile requests get the answer that their table says; a good request works afterwards."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from tests.support.hostile.addresses import ADDRESSES
from tests.support.hostile.bodies import BODIES
from tests.support.hostile.canary import Canary, listening
from tests.support.hostile.pictures import PICTURES, URLS, Answer, data_of
from tests.support.hostile.raw_requests import WIRE, chunk, get, post
from tests.support.paths import ROOT
from tests.support.screens import data_url
from tests.support.servers import Running, running_gateway, wait_for

GOOD: dict[str, Any] = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}
JSON = {"content-type": "application/json"}
MIB = 1024 * 1024
MEDIA_CODES = (
    "invalid_image",
    "image_too_large",
    "pdf_too_large",
    "too_many_images",
    "unsupported_media_type",
)


@pytest.fixture(scope="module")
def target(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = {
        "ENGINE": "cpu",
        "READER_URL": "",
        "API_KEYS": "shop:sk-shop",
        "ALLOW_REMOTE_IMAGES": "true",
        "MAX_BODY_BYTES": str(8 * MIB),
        "IMAGE_MAX_BYTES": str(2 * MIB),
    }
    data = tmp_path_factory.mktemp("hostile")
    with running_gateway(
        engine.url, data, "tests.support.gateway_short_timeouts", **settings
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with listening() as one:
        yield one


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        yield one


@pytest.fixture(autouse=True)
def a_good_request_works_afterwards(target: Running, session: requests.Session) -> Iterator[None]:
    yield
    assert (
        session.post(target.url + "/v1/chat/completions", json=GOOD, timeout=20).status_code == 200
    )


def ask(target: Running, session: requests.Session, body: bytes) -> requests.Response:
    return session.post(target.url + "/v1/chat/completions", data=body, headers=JSON, timeout=60)


def holds(answer: requests.Response, expected: Answer) -> None:
    status, code = expected
    assert answer.status_code == status, answer.text[:300]
    if status >= 400:
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param", "code", "details"}
        assert error["details"] or error["code"] not in MEDIA_CODES, error
        assert code in ("", error["code"]), error
        assert "Traceback" not in answer.text
        assert str(ROOT) not in answer.text
        assert len(answer.text) < 120_000


def test_the_tables_hold_at_least_as_many_cases_as_promised() -> None:
    assert len(BODIES) + len(PICTURES) + len(URLS) + len(ADDRESSES) + len(WIRE) >= 150


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_gets_its_answer(
    target: Running, session: requests.Session, name: str
) -> None:
    body, expected = BODIES[name]
    holds(ask(target, session, body), expected)


def with_picture(url: str) -> bytes:
    part = {"type": "image_url", "image_url": {"url": url}}
    return json.dumps({**GOOD, "messages": [{"role": "user", "content": [part]}]}).encode()


@pytest.mark.parametrize("name", PICTURES)
def test_a_hostile_picture_gets_its_answer_in_a_question_and_as_a_file(
    target: Running, session: requests.Session, name: str
) -> None:
    data, expected = data_of(name)
    holds(ask(target, session, with_picture(data_url(data))), expected)
    holds(
        session.post(target.url + "/v1/files", files={"file": ("a.png", data)}, timeout=60),
        expected,
    )


@pytest.mark.parametrize("name", URLS)
def test_a_hostile_data_url_gets_its_answer(
    target: Running, session: requests.Session, name: str
) -> None:
    url, expected = URLS[name]
    holds(ask(target, session, with_picture(url)), expected)


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_picture_is_fetched_from_within(
    target: Running, session: requests.Session, canary: Canary, url: str
) -> None:
    started = time.monotonic()
    answer = ask(target, session, with_picture(url.replace("PORT", str(canary.port))))
    assert not canary.woken
    holds(answer, (400, "invalid_image"))
    assert answer.json()["error"]["param"] == "messages.0.content.0"
    assert time.monotonic() - started < 20


def exchange(target: Running, sent: bytes) -> bytes:
    """All that comes back until it is whole or the connection is closed."""
    where = urlsplit(target.url)
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=10) as wire:
        came = b""
        try:
            wire.sendall(sent)
            while True:
                data = wire.recv(65536)
                came += data
                if not data or is_whole(came):
                    return came
        except (ConnectionError, TimeoutError):
            return came


def is_whole(came: bytes) -> bool:
    head, found, body = came.partition(b"\r\n\r\n")
    if not found or head.startswith(b"HTTP/1.1 100"):
        return bool(found) and is_whole(body)
    lengths = [
        line.split(b":")[1]
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    return bool(lengths) and len(body) >= int(lengths[0])


def told(came: bytes) -> Answer:
    """(status, code) of the first answer; (0, "") where there was none."""
    if came.startswith(b"HTTP/1.1 100"):
        came = came.partition(b"\r\n\r\n")[2]
    if not came:
        return (0, "")
    head, _, body = came.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    return (status, json.loads(body)["error"]["code"] if status >= 400 else "")


@pytest.mark.parametrize("name", WIRE)
def test_a_hostile_request_on_the_wire_gets_its_answer(target: Running, name: str) -> None:
    sent, (status, code) = WIRE[name]
    came = exchange(target, sent)
    assert told(came)[0] == status, came[:300]
    assert code in ("", told(came)[1]), came[:300]
    assert came.count(b"HTTP/1.1 ") <= 1 + came.startswith(b"HTTP/1.1 100"), (
        "a second request was smuggled in"
    )
    assert b"x-request-id: " in came


# -- slow clients (timeouts are 1 s here, 15 s in production) --


def slowly(
    target: Running, *pieces: bytes, pause: float = 0.4, seconds: float = 12.0
) -> tuple[bytes, float]:
    """(what came back, seconds until the connection was closed or answered)."""
    where = urlsplit(target.url)
    started = time.monotonic()
    came = b""
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=pause) as wire:
        for piece in pieces:
            if time.monotonic() - started > seconds:
                break
            try:
                wire.sendall(piece)
                data = wire.recv(65536)
                came += data
                if not data or is_whole(came):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    return came, time.monotonic() - started


def dribble(data: bytes) -> list[bytes]:
    return [data[number : number + 1] for number in range(len(data))]


def test_whoever_takes_too_long_for_a_head_is_cut_off(target: Running) -> None:
    cases = {
        "a head in drops": dribble(get(b"/healthz", b"X-A: " + b"a" * 200)),
        "a head that stops": [b"GET /healthz HTTP/1.1\r\nHost: loc", *[b""] * 100],
    }
    with ThreadPoolExecutor(3) as pool:
        silent = pool.submit(slowly, target, *[b""] * 100)
        are_cut_off(pool, target, cases)
        assert silent.result()[0] == b""  # whoever says nothing is told nothing
        assert silent.result()[1] < 10


@pytest.mark.both_paths
def test_whoever_takes_too_long_for_a_body_is_cut_off(target: Running) -> None:
    head = post(b"Content-Length: 1000", body=b"")
    large = post(b"Content-Length: 4000000", body=b"")
    cases = {
        "a body that stops": [head, b"{", *[b""] * 100],
        "a body that was fast and stops": [large, b" " * 2_000_000, *[b""] * 100],
        "a body that was fast and dribbles": [large, b" " * 2_000_000, *[b" "] * 100],
        "chunks that stop": [
            post(b"Transfer-Encoding: chunked", body=b""),
            chunk(b"{"),
            *[b""] * 100,
        ],
    }
    with ThreadPoolExecutor(4) as pool:
        are_cut_off(pool, target, cases)


def are_cut_off(pool: ThreadPoolExecutor, target: Running, cases: dict[str, list[bytes]]) -> None:
    running = {name: pool.submit(slowly, target, *pieces) for name, pieces in cases.items()}
    for name, task in running.items():
        came, seconds = task.result()
        assert told(came) == (408, "request_timeout"), name
        assert seconds < 10, name


def test_whoever_goes_on_sending_after_the_answer_is_cut_off(target: Running) -> None:
    """401 comes at once; the rest of the body may come for a while, and not for ever."""
    head = post(b"Content-Length: 100000", b"Authorization: Bearer wrong", body=b"")
    where = urlsplit(target.url)
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=10) as wire:
        wire.sendall(head)
        came = b""
        while not is_whole(came):
            came += wire.recv(65536)
        assert told(came) == (401, "invalid_api_key")
        started = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - started < 20:
                wire.sendall(b"x")
                time.sleep(0.1)
        assert time.monotonic() - started < 15


@pytest.mark.parametrize("key", [b"sk-shop", b"wrong"], ids=["read on", "answered"])
@pytest.mark.parametrize(
    "piece", [b"a: " + b"b" * 1000 + b"\r\n", b"b" * 1000], ids=["many", "one"]
)
def test_trailers_without_an_end_are_cut_off_and_not_kept(
    target: Running, key: bytes, piece: bytes
) -> None:
    where = urlsplit(target.url)
    sent = post(
        b"Transfer-Encoding: chunked",
        b"Authorization: Bearer " + key,
        body=chunk(b"{}") + b"0\r\na: ",
    )
    before = psutil.Process(target.process.pid).memory_info().rss
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=10) as wire:
        wire.sendall(sent)
        with pytest.raises(ConnectionError):
            for _ in range(64):
                wire.sendall(piece * 1000)
    assert psutil.Process(target.process.pid).memory_info().rss < before + 20 * MIB


@pytest.mark.both_paths
def test_a_body_in_chunks_is_cut_off_at_the_bound(target: Running) -> None:
    piece = chunk(b" " * 65_536)
    for path in (b"/v1/chat/completions", b"/v1/embed-tokens"):
        key = b"Authorization: Bearer sk-shop"
        sent = post(b"Transfer-Encoding: chunked", key, body=piece * 200, path=path)
        assert told(exchange(target, sent)) == (413, "body_too_large"), path


SWARM = {
    "messages": b'{"model":"fake-vl","messages":[%s1]}' % (b"1," * 3_000_000),
    "parts": b'{"model":"fake-vl","messages":[{"role":"user","content":[%s1]}]}'
    % (b"1," * 400_000),
    "good parts": b'{"messages":[{"role":"user","content":[%s1]}]}'
    % (b'{"type":"text","text":""},' * 40_000),
    "tools": b'{"model":"fake-vl","tools":[%s1]}' % (b"1," * 400_000),
    "stops": b'{"model":"fake-vl","stop":[%s1]}' % (b"1," * 400_000),
    "names": b"{%s}" % b",".join(b'"a%d":1' % number for number in range(600_000)),
    "fewer names": b"{%s}" % b",".join(b'"a%d":1' % number for number in range(90_000)),
    "brackets": b'{"metadata":{"a":[%s1]}}' % (b"[]," * 2_000_000),
}


@pytest.mark.parametrize("name", SWARM)
def test_a_swarm_of_values_costs_no_gigabytes(
    target: Running, session: requests.Session, name: str
) -> None:
    """Eight megabytes of `1,` were 47 seconds and 5 GB before they were counted."""
    before = psutil.Process(target.process.pid).memory_info().rss
    holds(ask(target, session, SWARM[name]), (400, ""))
    assert psutil.Process(target.process.pid).memory_info().rss < before + 400 * MIB


@pytest.mark.both_paths
def test_json_for_a_short_route_is_short(target: Running) -> None:
    sent = post(
        b"Content-Length: 300000",
        b"Authorization: Bearer sk-shop",
        body=b"{" * 300_000,
        path=b"/v1/embed-tokens",
    )
    assert told(exchange(target, sent)) == (413, "body_too_large")


def test_a_body_that_ends_early_disturbs_nobody(target: Running, session: requests.Session) -> None:
    where = urlsplit(target.url)
    before = target.log.stat().st_size
    for sent in (
        post(b"Content-Length: 1000"),
        post(b"Transfer-Encoding: chunked", body=chunk(b"{")),
        b"GET / HT",
    ):
        with socket.create_connection((str(where.hostname), where.port or 80), timeout=10) as wire:
            wire.sendall(sent)
        assert ask(target, session, json.dumps(GOOD).encode()).status_code == 200
    told = target.log.read_bytes()[before:].decode()
    assert not [line for line in told.splitlines() if '"level":"error"' in line]


def test_a_hundred_silent_connections_keep_nobody_out(
    target: Running, session: requests.Session
) -> None:
    where = urlsplit(target.url)
    wires = [
        socket.create_connection((str(where.hostname), where.port or 80), timeout=10)
        for _ in range(100)
    ]
    try:
        assert ask(target, session, json.dumps(GOOD).encode()).status_code == 200
    finally:
        for wire in wires:
            wire.close()
