"""How the gateway finds out whether an engine is up."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from gateway.observability.metrics import Metrics
from gateway.upstream.breaker import Breaker
from gateway.upstream.client import EngineClient
from gateway.upstream.health import HealthMonitor
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.upstream import Upstream

SILENT_SECONDS = 0.9  # a probe waits for 0.6
MODELS = b'{"data": [{"id": "m"}]}'


class Engine(ThreadingHTTPServer):
    daemon_threads = False
    silences = 0  # of the next probes


class Handler(BaseHTTPRequestHandler):
    server: Engine

    def do_GET(self) -> None:
        if self.server.silences:
            self.server.silences -= 1
            time.sleep(SILENT_SECONDS)
        self.send_response(200)
        self.send_header("content-length", str(len(MODELS)))
        self.end_headers()
        self.wfile.write(MODELS)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
async def client() -> AsyncIterator[EngineClient]:
    client = EngineClient(2, 30, 30)
    yield client
    client.close()
    await asyncio.sleep(SILENT_SECONDS + 0.3)  # until the engine closes what was aborted


def watched(client: EngineClient, port: int) -> tuple[HealthMonitor, Upstream]:
    upstream = Upstream("engine-1", f"http://127.0.0.1:{port}", "m", 8192, Breaker(9, 60), 4)
    startup = LaunchStatusFile(None)
    monitor = HealthMonitor(client, [upstream], startup, Metrics("0", "cpu"), lambda: None)
    return monitor, upstream


async def test_one_silence_at_the_start_says_nothing_and_a_second_one_does(
    engine: Engine, client: EngineClient
) -> None:
    """A gateway that starts on a busy machine would refuse its first questions."""
    for silences, seen in ((1, [None, True]), (2, [None, False])):
        monitor, upstream = watched(client, engine.server_port)
        engine.silences = silences
        for up in seen:
            await monitor.probe(upstream)
            assert upstream.up is up
            assert upstream.usable is (up is not False)


async def test_a_known_engine_is_down_after_two_silences_and_up_after_one_answer(
    engine: Engine, client: EngineClient
) -> None:
    monitor, upstream = watched(client, engine.server_port)
    await monitor.probe(upstream)
    engine.silences = 3
    seen = []
    for _ in range(4):
        await monitor.probe(upstream)
        seen.append(upstream.up)
    assert seen == [True, False, False, True]


async def test_an_engine_that_refuses_the_connection_is_down_at_once(client: EngineClient) -> None:
    with Engine(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_port
    monitor, upstream = watched(client, port)
    await monitor.probe(upstream)
    assert upstream.up is False
