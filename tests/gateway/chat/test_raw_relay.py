"""A stream reaches the client byte for byte, however it is cut and however slowly it is read."""

import contextlib
import json
import random
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from gateway.chat.raw_relay import RawRelay
from gateway.chat.stream_stats import StreamStats
from gateway.server.client_connection import ClientConnection
from gateway.server.direct_connection import DirectConnection
from gateway.upstream.client import Broken
from tests.support.disconnects import ask
from tests.support.fake_engine import FLOOD, chunk
from tests.support.http_client import metric, until
from tests.support.servers import Running, running_gateway, wait_for

pytestmark = pytest.mark.both_paths

USAGE = b'data: {"id": "c", "choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}}'
DONE = b"data: [DONE]"
WORD = chunk(" word")
DATA_SEGMENTS = slice(152, 156)  # tcpi_data_segs_in of struct tcp_info, linux/tcp.h


class Kept:
    """A sink that keeps what it gets."""

    def __init__(self, connection: ClientConnection | None = None) -> None:
        self.events = b""
        self.ends: list[bytes] = []  # what it had when it was told that nothing more comes
        self.connection = connection

    def push(self, events: bytes, *, last: bool = False) -> None:
        self.events += events
        if last:
            self.ends.append(self.events)

    async def send(self, events: bytes) -> None:
        self.push(events)


def relayed(pieces: list[bytes], wants_usage: bool = False) -> tuple[bytes, StreamStats]:
    sink, stats = Kept(), StreamStats(time.perf_counter())
    relay = RawRelay(sink, stats, lambda: None, wants_usage=wants_usage)
    for piece in pieces:
        relay(piece)
    return sink.events, stats


def cut(data: bytes, places: list[int]) -> list[bytes]:
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"], ids=["LF", "CRLF"])
def test_every_way_to_cut_a_stream_gives_the_same_events(end: bytes) -> None:
    contents = [
        chunk("").strip(),
        chunk("你\u2028好").strip(),
        b": a comment",
        chunk('say "usage" [DONE] data:').strip(),
        chunk("!").strip(),
    ]
    events = [event + end for event in (*contents, USAGE, DONE)]
    stream = b"".join(events)
    without_usage = b"".join(event for event in events if not event.startswith(USAGE))
    draw = random.Random(7)
    ways = [[], list(range(1, len(stream))), *([place] for place in range(1, len(stream), 3))]
    ways += [sorted(draw.sample(range(1, len(stream)), draw.randint(2, 40))) for _ in range(200)]
    for places in ways:
        passed, stats = relayed(cut(stream, places))
        assert passed == without_usage, places
        assert (stats.usage or {})["completion_tokens"] == 3
        assert stats.done
        assert relayed(cut(stream, places), wants_usage=True)[0] == stream


@pytest.mark.parametrize("after", [[], [WORD], [b"data: [DONE]\n\n", WORD]])
@pytest.mark.parametrize("before", [[WORD], [WORD, WORD]])
def test_nothing_passes_after_the_end_and_it_is_noted_before_it_is_handed_on(
    before: list[bytes], after: list[bytes]
) -> None:
    had: list[bytes] = []
    sink = Kept()
    relay = RawRelay(sink, StreamStats(0.0), lambda: had.append(sink.events), wants_usage=False)
    for piece in [*before, USAGE + b"\n\n" + DONE + b"\n\n", *after]:
        relay(piece)
    assert had == [b"".join(before)]
    assert sink.ends == [sink.events] == [b"".join(before) + DONE + b"\n\n"]


def test_nothing_passes_after_the_end_in_the_same_read_either() -> None:
    end = USAGE + b"\n\n" + DONE + b"\n\n"
    passed, stats = relayed(
        [WORD + end + WORD + USAGE.replace(b"3", b"9") + b"\n\n" + DONE + b"\n\n"]
    )
    assert passed == WORD + DONE + b"\n\n"
    assert (stats.usage or {})["completion_tokens"] == 3


def test_tokens_of_an_answer_without_usage_are_the_events_that_carried_some() -> None:
    role, first, words = (
        chunk(""),
        chunk("one"),
        [chunk(f" word data:{number}") for number in range(5)],
    )
    assert relayed([role, first, *words])[1].completion_tokens == 6
    assert relayed([role + first + b"".join(words)])[1].completion_tokens == 6


ERROR = b'data: {"error": {"message": "out of memory"}}\n\n'


@pytest.mark.parametrize(
    ("before", "bodies", "events"),
    [
        ([chunk("one")], [WORD], 1),
        ([chunk("one")], [WORD, WORD, WORD], 3),
        ([chunk("one")], [WORD + WORD, WORD], 3),
        ([chunk("one"), WORD[:9], WORD[9:]], [WORD], 1),
        ([chunk("")], [WORD], 0),  # the first token is not there yet
        ([chunk("one"), WORD[:9]], [WORD], 0),  # nor is the end of what came before
        ([chunk("one")], [WORD[:-1]], 0),
        ([chunk("one")], [WORD[:9], WORD[9:]], 0),
        ([chunk("one")], [WORD, WORD[:-1]], 0),
        ([chunk("one")], [USAGE + b"\n\n"], 0),
        ([chunk("one")], [WORD, DONE + b"\n\n"], 0),
        ([chunk("one"), DONE + b"\n\n"], [WORD], 0),
        ([chunk("one")], [ERROR, WORD], 0),
    ],
)
def test_chunks_pass_whole_where_no_event_of_theirs_needs_a_look(
    before: list[bytes], bodies: list[bytes], events: int
) -> None:
    class Cycle: ...

    wrote: list[bytes] = []
    # Nothing here needs more of a cycle.
    connection, stats = DirectConnection(Cycle()), StreamStats(0.0)  # type: ignore[arg-type]  # see above
    relay = RawRelay(Kept(connection), stats, lambda: None, wants_usage=False)
    for piece in before:
        relay(piece)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies)
    assert not relay.forward(chunks, len(bodies), 7.0), "the body has not begun"
    connection.write_chunks = wrote.append
    before_it = stats.events
    assert relay.forward(chunks, len(bodies), 7.0) == bool(events)
    assert wrote == ([chunks] if events else [])
    assert stats.events - before_it == events
    assert connection.wrote_at == (7.0 if events else 0.0)


def test_an_event_without_an_end_is_refused_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.chat.sse.MAX_EVENT_BYTES", 1000)
    relay = RawRelay(Kept(), StreamStats(0.0), lambda: None, wants_usage=False)
    with pytest.raises(Broken):
        for _ in range(20):
            relay(b"x" * 100)


@contextlib.contextmanager
def flooded(gateway: Running) -> Iterator[socket.socket]:
    """A client with a small buffer that was answered with more than it holds."""
    where = urlsplit(gateway.url)
    body = json.dumps(
        {"model": "fake-vl", "stream": True, "messages": [{"role": "user", "content": "flood"}]}
    ).encode()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.connect((where.hostname, where.port))
        client.settimeout(60)
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            b"content-type: application/json\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        yield client


@pytest.mark.fast_path_only("uvicorn writes a head by itself")
@pytest.mark.parametrize("stream", [True, False])
def test_a_head_and_the_first_of_its_body_are_one_write(gateway: Running, stream: bool) -> None:
    wanted = {
        "model": "fake-vl",
        "stream": stream,
        "messages": [{"role": "user", "content": "stall" if stream else "hi"}],
    }
    with contextlib.closing(ask(gateway.url, wanted)) as client:
        time.sleep(0.5)
        segments = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)[DATA_SEGMENTS]
        answer = client.recv(1_000_000)
    assert answer.startswith(b"HTTP/1.1 200")
    assert "你".encode() in answer
    assert int.from_bytes(segments, sys.byteorder) == 1


def test_a_reader_that_is_slow_holds_the_engine_back_and_loses_nothing(
    gateway: Running, engine: Running
) -> None:
    with flooded(gateway) as client:
        sent = held_at(engine)
        assert 0 < sent < FLOOD, "the engine is held back"
        answer = b""
        while piece := client.recv(1_000_000):
            answer += piece
    numbers = [
        line.split('"content": " ')[1].split(" ")[0]
        for line in answer.decode().splitlines()
        if '"content": " ' in line
    ]
    assert numbers == [str(number) for number in range(FLOOD)]
    assert answer.rstrip().endswith(b"0")


@pytest.mark.fast_path_only("ASGI does not tell whether a slow client takes anything")
def test_a_reader_that_takes_nothing_is_cut_off_and_one_that_takes_a_little_is_not(
    engine: Running, tmp_path: Path
) -> None:
    settings = {"ENGINE": "cpu", "READER_URL": ""}
    with running_gateway(
        engine.url, tmp_path, "tests.support.gateway_short_timeouts", **settings
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        with flooded(gateway) as takes_little, flooded(gateway):
            until(lambda: metric(gateway, "sightdesk_inflight_requests") == 2)
            deadline = time.monotonic() + 10
            while metric(gateway, "sightdesk_inflight_requests") == 2:
                assert time.monotonic() < deadline, "nobody was cut off"
                takes_little.recv(200_000)
                time.sleep(0.2)
            for _ in range(10):
                takes_little.recv(200_000)
                time.sleep(0.2)
            assert metric(gateway, "sightdesk_inflight_requests") == 1


def held_at(engine: Running) -> int:
    """How much the engine had sent when it stopped sending."""
    before = -1
    for _ in range(100):
        time.sleep(0.3)
        now = int(requests.get(engine.url + "/state", timeout=10).json()["flooded"])
        if now == before and now:
            return now
        before = now
    raise AssertionError("the engine never stopped")
