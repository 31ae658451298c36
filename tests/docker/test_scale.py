"""Three gateways behind nginx in real Docker: answers that move, a gateway that is killed, exact
limits, and a Redis that restarts. The times that users saw are printed (`pytest -s`)."""

import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import pytest
import requests

from tests.support.docker_customers import Tries, ask, customers, work_since
from tests.support.docker_stack import Stack, in_docker, metric, several_gateways
from tests.support.running_answer import Answer, data_lines, taken
from tests.support.servers import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
LIMIT = 300
GONE_SECONDS = 6.0  # until a reader elsewhere hears that the gateway of an answer is gone
AWAY_SECONDS = 4.5  # for one request: after 2 s nginx asks another gateway
RESTART_SECONDS = 5.0
NGINX_SECONDS = 6.0  # nginx asks for the gateways' addresses every 5 s
SETTINGS = {
    "COMPOSE_PROJECT_NAME": "sightdesk-scale-test",
    "COMPOSE_FILE": "docker-compose.yml:tests/docker/slow_engine.yml",
    "PRIVATE_SUBNET": "172.30.93.0/24",
    "ENGINE_URLS": "http://slow-engine:3001",
    "MAX_CONCURRENT": "64",
    "API_KEYS": "shop:sk-docker,counted:sk-counted,killed:sk-killed",
    "RATE_LIMIT_KEY": f"{LIMIT}/minute",
    "RATE_LIMIT_API": "100000/minute",
    "RATE_LIMIT_USER": "100000/minute",
}


@pytest.fixture(scope="module")
def stack(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("scale")
    with several_gateways(folder, "slow-engine", **SETTINGS) as started:
        assert len(started.gateways()) == 3
        wait_until(lambda: ask(started, "sk-docker").status_code == 200, 60)
        yield started


@pytest.fixture
def desk(stack: Stack) -> Stack:
    return stack.signed_in()


def writer(stack: Stack) -> str:
    """The container whose gateway has a request inside the engine, once there is just one."""
    found = list[str]()

    def is_alone() -> bool:
        busy = [one for one in stack.gateways() if metric(one, "sightdesk_inflight_requests")]
        found[:] = busy
        return len(busy) == 1

    wait_until(is_alone, 40)
    return found[0]


def server_of(stack: Stack, request: str) -> str:
    """The container whose gateway has answered the request."""
    found = list[str]()

    def is_logged() -> bool:
        found[:] = [one for one in stack.gateways() if request in in_docker("logs", one)]
        return bool(found)

    wait_until(is_logged, 20)
    return found[0]


def named_call(
    answer: Answer, desk: Stack, method: str, path: str
) -> tuple[str, requests.Response]:
    """(id of the request, its response)."""
    request = uuid.uuid4().hex
    headers = {"x-request-id": request}
    return request, answer.at(desk).call(method, path, headers=headers, stream=True)


def test_an_answer_goes_on_through_another_gateway(desk: Stack) -> None:
    answer = Answer(desk)
    began_at = writer(desk)
    answer.read(60)
    others = set[str]()
    while not others:
        started = time.monotonic()
        request, response = named_call(answer, desk, "GET", f"/api/chat/{answer.id}?from=40")
        lines = data_lines(response)
        assert taken(lines, 20) == answer.events[40:60]
        took = time.monotonic() - started
        following = taken(lines, 200)  # while they are written
        answer.read(260 - len(answer.events))
        assert following == answer.events[60:260]
        response.close()
        others = {server_of(desk, request)} - {began_at}
    print(f"\nevents 40 to 59 at another gateway after {took:.2f} s")
    assert answer.at(desk).call("POST", f"/api/chat/{answer.id}/stop").status_code == 204
    answer.stream.close()


def test_an_answer_is_stopped_through_another_gateway(desk: Stack) -> None:
    while True:
        answer = Answer(desk)
        began_at = writer(desk)
        started = time.monotonic()
        request, response = named_call(answer, desk, "POST", f"/api/chat/{answer.id}/stop")
        assert response.status_code == 204
        took = time.monotonic() - started
        assert answer.at(desk).turns(answer.conversation)[-1]["state"] == "stopped"
        rest = list(answer.lines)
        assert b"data: [DONE]" not in rest
        assert len(rest) < 3000  # the engine's answer has that many words
        if server_of(desk, request) != began_at:
            break
    print(f"\nstopped through another gateway after {took:.2f} s")


def read_to_the_end(answer: Answer, desk: Stack, response: requests.Response) -> tuple[float, bool]:
    """(time at which the reader heard that the answer is gone, whether it had to come again). A
    reader at the killed gateway itself loses the connection, and asks again like the page."""
    again = False
    while True:
        lines = list[bytes]()
        with contextlib.suppress(requests.RequestException):
            lines.extend(data_lines(response))
        if lines and b"upstream_unavailable" in lines[-1]:
            return time.monotonic(), again
        again = True
        response = answer.resumed(desk)


def remaining(stack: Stack, key: str) -> int:
    return int(ask(stack, key).headers["x-ratelimit-remaining-requests"])


def test_a_killed_gateway_ends_its_own_answers_and_nothing_else(stack: Stack, desk: Stack) -> None:
    answer = Answer(desk)
    killed = writer(desk)
    answer.read(20)
    with customers(stack, "sk-killed") as tries, ThreadPoolExecutor(6) as pool:
        readers: list[Future[tuple[float, bool]]] = [
            pool.submit(read_to_the_end, answer, desk, answer.resumed(desk)) for _ in range(6)
        ]
        work_since(time.monotonic(), tries)
        left = remaining(stack, "sk-killed")
        in_docker("kill", killed)
        dead = time.monotonic()
        heard = [one.result(60) for one in readers]
        work_since(dead + NGINX_SECONDS, tries)
    tell_kill(dead, heard, tries)
    assert max(at - dead - (AWAY_SECONDS if again else 0) for at, again in heard) < GONE_SECONDS
    lost_nothing_else(tries, dead)
    # Redis goes on counting; a busy one may be too slow for a few.
    charged = sum(began > dead and status == 200 for began, _, status in tries[3].done)
    assert left - remaining(stack, "sk-killed") >= 0.9 * charged
    wait_until(lambda: answer.at(desk).turns(answer.conversation)[-1]["state"] == "failed", 12)
    comes_back(desk, killed)


def lost_nothing_else(tries: list[Tries], dead: float) -> None:
    """What was inside the killed gateway is lost; what began later is not, and waits little."""
    assert not [one for each in tries for one in each.failed() if one[0] > dead]
    assert max(one.slowest(since=dead) for one in tries) < AWAY_SECONDS


def tell_kill(dead: float, heard: list[tuple[float, bool]], tries: list[Tries]) -> None:
    for again, name in ((False, "elsewhere"), (True, "at the killed one")):
        times = sorted(f"{at - dead:.2f}" for at, came in heard if came is again)
        print(f"\nreaders {name} heard of it after {', '.join(times) or '-'} s", end="")
    for one in tries:
        print(f"\n{one.tell()}; failed: {[(f'{b - dead:+.2f}', s) for b, _, s in one.failed()]}")


def comes_back(desk: Stack, container: str) -> None:
    """Docker leaves a container down that was killed by hand (decision 011)."""
    in_docker("start", container)
    started = time.monotonic()

    def serves() -> bool:
        request, _ = named_get(desk)
        return server_of(desk, request) == container

    wait_until(serves, 60)
    print(f"\nit serves again {time.monotonic() - started:.1f} s after its start")


def named_get(desk: Stack) -> tuple[str, requests.Response]:
    request = uuid.uuid4().hex
    headers = {"x-request-id": request}
    return request, requests.get(desk.url + "/api/config", headers=headers, timeout=30)


def test_a_limit_is_exact_over_three_gateways(stack: Stack) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: ask(stack, "sk-counted"), range(LIMIT * 5 // 4)))
    took = time.monotonic() - started
    statuses = Counter(one.status_code for one in answers)
    print(f"\n{len(answers)} requests in {took:.1f} s, limit {LIMIT}: {dict(statuses)}")
    assert took < 60, "the window has moved on"
    assert set(statuses) == {200, 429}
    assert LIMIT <= statuses[200] <= LIMIT * 1.01
    for _ in range(12):  # wherever the next ones go
        refused = ask(stack, "sk-counted")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1


def test_nobody_notices_a_redis_that_restarts(stack: Stack, desk: Stack) -> None:
    redis = desk.container("redis")
    with customers(stack, "sk-docker") as tries:
        work_since(time.monotonic(), tries)
        stopped = time.monotonic()
        in_docker("stop", redis)
        time.sleep(RESTART_SECONDS)
        in_docker("start", redis)
        away = time.monotonic() - stopped
        back = wait_until(lambda: all(is_counted_in_redis(one) for one in desk.gateways()), 60)
    print(f"\nRedis was away for {away:.1f} s, and counts again after {back:.1f} s more")
    for one in tries:
        print(one.tell())
        assert not one.failed()
    left = [remaining(stack, "sk-docker") for _ in range(6)]
    assert all(after < before for before, after in pairwise(left)), left


def is_counted_in_redis(container: str) -> bool:
    return metric(container, "sightdesk_rate_storage_up") == 1
