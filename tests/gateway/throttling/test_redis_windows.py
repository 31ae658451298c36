"""Rate limits hold over four gateways and one Redis, and while that Redis is stalled or dead."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import requests

from gateway.errors import RateLimitExceeded
from gateway.observability.metrics import Metrics
from gateway.settings import WrongSettings
from gateway.throttling import memory_windows
from gateway.throttling.caller_keys import limit_key
from gateway.throttling.memory_windows import MemoryWindows, Window
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rate
from gateway.throttling.redis_windows import RedisWindows
from tests.support.gateway_group import KEY, QUESTION, ROUTES, asked_at_once, gateways
from tests.support.http_client import metric
from tests.support.redis import redis_server
from tests.support.servers import Running

LIMIT = 300
Redis = tuple[str, "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="module")
def four(redis: Redis) -> Iterator[list[Running]]:
    limits = {"RATE_LIMIT_KEY": f"{LIMIT}/minute", "RATE_LIMIT_API": f"{LIMIT}/minute"}
    with gateways(4, redis[0], **limits) as running:
        yield running


def ask(gateway: Running, route: str) -> tuple[requests.Response, float]:
    method, path = ROUTES[route]
    started = time.monotonic()
    body = QUESTION if method == "POST" else None
    answer = requests.request(method, gateway.url + path, json=body, headers=KEY, timeout=20)
    return answer, time.monotonic() - started


@pytest.mark.parametrize("route", ROUTES)
async def test_four_gateways_with_one_redis_let_through_one_limit(
    four: list[Running], route: str
) -> None:
    statuses = await asked_at_once(four, route, 2000)
    assert set(statuses) == {200, 429}
    assert LIMIT * 0.99 <= statuses[200] <= LIMIT * 1.01


def test_without_redis_a_gateway_goes_on_with_its_own_limits_and_says_so() -> None:
    """Stalled first, then back, then dead."""
    limits = {"RATE_LIMIT_KEY": "30/minute", "RATE_LIMIT_API": "30/minute"}
    with redis_server() as (url, process), gateways(1, url, **limits) as (gateway,):
        usual = {route: min(ask(gateway, route)[1] for _ in range(3)) for route in ROUTES}
        assert metric(gateway, "sightdesk_rate_storage_up") == 1

        process.send_signal(signal.SIGSTOP)
        for route in ROUTES:
            asked = [ask(gateway, route) for _ in range(31)]
            assert [answer.status_code for answer, _ in asked] == [200] * 30 + [429]
            # The code waits at most 80 ms. Only the quickest counts: the machine may be busy.
            assert min(seconds for _, seconds in asked[:3]) < usual[route] + 0.1
        assert metric(gateway, "sightdesk_rate_storage_up") == 0
        assert metric(gateway, "sightdesk_rate_storage_errors_total") >= 1
        assert '"rate_storage_unavailable"' in gateway.log.read_text()

        process.send_signal(signal.SIGCONT)
        deadline = time.monotonic() + 20
        while metric(gateway, "sightdesk_rate_storage_up") == 0 and time.monotonic() < deadline:
            ask(gateway, "short")
            time.sleep(0.1)
        assert metric(gateway, "sightdesk_rate_storage_up") == 1
        assert '"rate_storage_back"' in gateway.log.read_text()

        process.kill()
        assert (
            ask(gateway, "chat")[0].status_code == 429
        )  # what it counted during the first outage still counts
        assert metric(gateway, "sightdesk_rate_storage_up") == 0


def test_a_window_moves_instead_of_starting_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.throttling.memory_windows.time.monotonic", lambda: now)
    storage = MemoryWindows()
    for now in (1000.0, 1030.0, 1059.0):  # noqa: B007 - the storage's clock
        assert storage.hit("k", 3, 60).allowed
    for now, allowed in (
        (1059.9, False),
        (1060.5, True),
        (1061.0, False),
        (1089.0, False),
        (1090.5, True),
    ):
        assert storage.hit("k", 3, 60).allowed is allowed, now


@pytest.fixture
async def shared(redis: Redis) -> AsyncIterator[RedisWindows]:
    memory_windows = RedisWindows(redis[0], 2.0)
    yield memory_windows
    memory_windows.close()
    await asyncio.sleep(0)  # asyncio closes the sockets in its next turn


async def test_gateways_whose_clocks_differ_share_one_window(
    shared: RedisWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of Redis counts. By its own clock, a gateway that is an hour ahead would refuse
    callers on all gateways for an hour."""
    now = time.time()
    for ahead, allowed in ((3600.0, True), (0.0, True), (-3600.0, True), (7200.0, False)):
        monkeypatch.setattr(time, "time", lambda ahead=ahead: now + ahead)
        window = await shared.hit("clocks", 3, 2)
        assert window.allowed is allowed
        assert 0 < window.reset <= 2
    await asyncio.sleep(2.1)
    assert await shared.hit("clocks", 3, 2) == Window(True, 2, 2.0)


@pytest.mark.parametrize(
    "url", ["redis://:secret-7@h:99999x/0", "redis://:secret-7@[h/0", "nonsense://secret-7"]
)
async def test_a_storage_that_cannot_be_asked_stops_the_start_without_its_password(
    url: str,
) -> None:
    with pytest.raises(
        WrongSettings, match=r"^RATE_LIMIT_STORAGE=\(hidden\): memory:// or"
    ) as told:
        RedisWindows(url, 1.0)
    assert "secret-7" not in str(told.value)


async def test_a_shared_window_moves_and_tells_what_is_left(shared: RedisWindows) -> None:
    first, second, third = [await shared.hit("moves", 2, 60) for _ in range(3)]
    assert [(one.allowed, one.remaining) for one in (first, second, third)] == [
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert 59 < third.reset <= 60


async def test_requests_counted_before_the_clock_of_redis_went_back_refuse_nobody(
    redis: Redis, shared: RedisWindows
) -> None:
    port = redis[0].rsplit(":")[-1].removesuffix("/0")
    for _ in range(2):
        pushed = ["redis-cli", "-p", port, "lpush", "sightdesk/future", str(time.time() + 3600)]
        subprocess.run(pushed, check=True, capture_output=True)
    assert [(await shared.hit("future", 2, 60)).allowed for _ in range(3)] == [True, True, False]


def test_a_clock_that_is_set_back_shuts_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = MemoryWindows()
    assert [storage.hit("k", 2, 1).allowed for _ in range(3)] == [True, True, False]
    wall = time.time()
    monkeypatch.setattr(time, "time", lambda: wall - 3600)
    time.sleep(1.1)
    assert storage.hit("k", 2, 1).allowed


def test_callers_that_fell_silent_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.throttling.memory_windows.time.monotonic", lambda: now)
    storage = MemoryWindows()
    for number in range(500):
        storage.hit(f"old-{number}", 3, 60)
    now = 1061.0
    storage.hit("new", 3, 60)
    assert len(storage) == 1


def test_no_number_of_callers_makes_memory_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_windows, "MAX_KEYS", 100)
    storage = MemoryWindows()
    for number in range(1000):
        storage.hit(f"{number}", 3, 60)
    assert len(storage) == 100


def test_a_flood_of_callers_lets_nobody_in_again_who_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_windows, "MAX_KEYS", 100)
    storage = MemoryWindows()
    for guesser in ("one", "two"):
        assert [storage.hit(guesser, 3, 60).allowed for _ in range(4)] == [True] * 3 + [False]
    assert storage.hit("slow", 3, 60).allowed
    for number in range(1000):
        storage.hit(f"{number}", 3, 60)
    assert not storage.hit("one", 3, 60).allowed
    assert not storage.hit("two", 3, 60).allowed
    assert [storage.hit("slow", 3, 60).allowed for _ in range(3)] == [True] * 3, (
        "forgotten, as it may be"
    )
    assert len(storage) <= 100


def test_a_flood_of_refused_callers_makes_no_call_dear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_windows, "MAX_KEYS", 100)
    storage = MemoryWindows()
    for number in range(1000):
        storage.hit(f"{number}", 1, 60)
    assert len(storage) == 100


def test_an_ipv6_address_is_counted_by_its_64() -> None:
    assert limit_key("address:2001:db8:1:2:aaaa::1") == limit_key("address:2001:db8:1:2:bbbb::9")
    assert limit_key("address:2001:db8:1:3::1") != limit_key("address:2001:db8:1:2::1")
    assert limit_key("address:10.0.0.1") == "address:10.0.0.1"
    assert limit_key("user:a:b:c") == "user:a:b:c"


async def test_one_owner_over_the_limit_leaves_the_others_alone() -> None:
    limiter, rate = RateLimiter("memory://", Metrics("0", "lite")), Rate.of("key", "2/minute")
    for _ in range(2):
        await limiter.check(rate, "key:one")
    with pytest.raises(RateLimitExceeded) as raised:
        await limiter.check(rate, "key:one")
    assert 1 <= (raised.value.retry_after or 0) <= 60
    await limiter.check(rate, "key:two")
