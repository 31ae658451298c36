"""What a vLLM tells of its load, and how it changes which engine is chosen."""

import asyncio
import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from gateway.observability.metrics import Metrics
from gateway.throttling.admission import Admission
from gateway.upstream.breaker import Breaker
from gateway.upstream.client import EngineClient
from gateway.upstream.told_load import LoadWatch, Told, told_in
from gateway.upstream.upstream import Upstream
from tests.support.paths import ROOT

SIZE = b'vllm:cache_config_info{block_size="16",engine="0",kv_cache_size_tokens="40000"} 1.0\n'
USED = b'vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25\n'
WAITING = b'vllm:num_requests_waiting{engine="0",model_name="m"} 2.0\n'
BLOCKS = b'vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="1000"} 1.0\n'
SECOND = (SIZE + USED + WAITING).replace(b'engine="0"', b'engine="1"')


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        (SIZE + USED + WAITING, Told(10_000, 2)),
        (USED + SIZE, Told(10_000, 0)),
        (BLOCKS + USED + WAITING, Told(4_000, 2)),
        (SIZE + USED + WAITING + SECOND, Told(20_000, 4)),
        (USED + WAITING, None),
        (SIZE + WAITING, None),
        (SIZE.replace(b"40000", b"None") + USED, None),
        (b"", None),
        (b"vllm:kv_cache_usage_perc{", None),
        (b"# HELP up\nup 1\n", None),
    ],
)
def test_only_a_vllm_that_knows_its_cache_tells_its_load(metrics: bytes, told: Told | None) -> None:
    assert told_in(metrics) == told


class Engines(ThreadingHTTPServer):
    """/metrics of several engines: each by its port."""

    daemon_threads = True
    body = b""
    status = 200
    asked = 0


class Handler(BaseHTTPRequestHandler):
    server: Engines

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(body: bytes) -> Iterator[tuple[Engines, Upstream]]:
    server = Engines(("127.0.0.1", 0), Handler)
    server.body = body
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield server, Upstream(url, url, "m", 32_768, Breaker(2, 60), 16, up=True)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_what_others_have_in_an_engine_is_what_it_tells_without_ours() -> None:
    with serving(SIZE + USED + WAITING) as (server, engine):
        client = EngineClient(1, 1, 1)
        watch = LoadWatch(client, [engine], lambda: 500.0)
        engine.take(3_000)
        told = []
        for server.status in (200, 404):
            await watch.look(engine)
            told.append(engine.others_tokens)
        assert told == [8_000, None]  # 10,000 and two waiting of 500, without our 3,000
        client.close()


async def test_an_engine_alone_is_not_asked_and_a_silent_one_not_again_soon() -> None:
    with serving(b"up 1\n") as (server, engine), serving(SIZE + USED) as (other, second):
        client = EngineClient(1, 1, 1)
        upstreams = [engine]
        watching = asyncio.create_task(LoadWatch(client, upstreams, lambda: 0.0).run())
        await asyncio.sleep(0.2)
        assert server.asked == 0
        upstreams.append(second)
        async with asyncio.timeout(10):
            while other.asked < 2:
                await asyncio.sleep(0.05)
        assert server.asked == 1
        assert (engine.others_tokens, second.others_tokens) == (None, 10_000)
        watching.cancel()
        client.close()


def two(others: float | None = 0.0) -> tuple[Admission, list[Upstream]]:
    made = [
        Upstream(f"e{number}", f"http://e{number}", "m", 32_768, Breaker(2, 60), 16)
        for number in range(2)
    ]
    for engine in made:
        engine.others_tokens = others
    return Admission(made, 10, 1, Metrics("0", "gpu")), made


async def spread(admission: Admission, engines: list[Upstream]) -> list[int]:
    """Short requests of a hundred conversations, and long ones of one. The long ones' engines."""
    for number in range(100):
        (await admission.admit("a", f"c{number}", tokens=600)).release()
    return [engines.index((await admission.admit("a", "long", tokens=12_000)).upstream)
            for _ in range(2)]  # fmt: skip


async def test_a_second_long_prompt_goes_to_the_other_engine_where_tokens_count() -> None:
    admission, engines = two()
    assert len(set(await spread(admission, engines))) == 2
    admission, engines = two(None)
    assert len(set(await spread(admission, engines))) == 1


async def test_what_others_have_there_counts_too_and_a_return_gives_all_back() -> None:
    admission, engines = two()
    permit = await admission.admit("a", "x", tokens=600)
    permit.upstream.others_tokens = 20_000.0
    second = await admission.admit("a", "x", tokens=600)
    assert second.upstream is not permit.upstream
    for one in (permit, second, second):
        one.release()
    assert [engine.tokens for engine in engines] == [0, 0]


async def test_where_one_engine_tells_nothing_requests_count() -> None:
    admission, engines = two()
    engines[0].others_tokens = None
    chosen = {(await admission.admit("a", "x", tokens=90_000)).upstream.name for _ in range(4)}
    assert len(chosen) == 1


def test_the_form_is_that_of_the_metrics_that_the_dashboards_are_tested_with() -> None:
    recorded = (ROOT / "tests/data/metrics/vllm.prom").read_bytes()
    sized = recorded.replace(b'block_size="16",', b'block_size="16",num_gpu_blocks="2500",')
    assert told_in(recorded) is None
    assert told_in(sized) == Told(0.31 * 2500 * 16, 1)
