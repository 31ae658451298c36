"""The profiles shared and scale in real Docker: three gateways on one PostgreSQL and one Redis."""

import re
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import requests

from tests.support.docker_stack import Stack, compose, in_docker, several_gateways

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
GATEWAYS = 3


@pytest.fixture(scope="module")
def shared(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {
        "COMPOSE_PROJECT_NAME": "sightdesk-profiles-test",
        "PRIVATE_SUBNET": "172.30.92.0/24",
    }
    with several_gateways(tmp_path_factory.mktemp("stack"), **settings) as stack:
        yield stack


def ask(stack: Stack) -> requests.Response:
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": "退货流程是什么?"}],
    }
    headers = {"authorization": f"Bearer {stack.key}"}
    return requests.post(stack.url + "/v1/chat/completions", json=body, headers=headers, timeout=60)


def answered(container: str) -> int:
    return len(re.findall(r'"route":"/v1/chat/completions"', in_docker("logs", container)))


def test_nginx_gives_every_gateway_its_share(shared: Stack) -> None:
    names = shared.gateways()
    assert len(names) == GATEWAYS
    deadline = time.monotonic() + 120
    while not all(answered(name) for name in names):
        assert ask(shared).status_code == 200
        assert time.monotonic() < deadline, [answered(name) for name in names]


def test_what_one_gateway_stored_the_others_show(shared: Stack) -> None:
    with requests.Session() as session:
        session.auth = (shared.user, shared.password)
        body = {"messages": [{"role": "user", "content": "退货流程是什么?"}]}
        answer = session.post(shared.url + "/api/chat", json=body, timeout=60)
        assert answer.status_code == 200
        conversation = re.search(r'"conversation":\{"id":"([^"]+)"', answer.text)
        assert conversation, answer.text
        for _ in range(12):  # whichever gateway is asked
            found = session.get(f"{shared.url}/api/conversations/{conversation[1]}", timeout=30)
            assert found.status_code == 200, found.text
        rows = compose(
            *("exec", "-T", "postgres", "sh", "-c"),
            "PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U sightdesk -tAc "
            "'select count(*) from conversations'",
            **shared.environ,
        )
        assert int(rows.stdout) >= 1, rows.stderr


def test_requests_are_counted_in_redis_for_all_gateways(shared: Stack) -> None:
    """A gateway counts by itself for 2 s after Redis was slow: on a busy machine this is asked
    again."""
    assert ask(shared).headers["x-ratelimit-limit-requests"] == "60"
    deadline = time.monotonic() + 120
    while True:
        left = [int(ask(shared).headers["x-ratelimit-remaining-requests"]) for _ in range(6)]
        if all(after < before for before, after in pairwise(left)):
            break
        assert time.monotonic() < deadline, left
        time.sleep(10)  # below the limit of 60 a minute
    counted = compose(
        *("exec", "-T", "redis", "sh", "-c", "REDISCLI_AUTH=$REDIS_PASSWORD redis-cli dbsize"),
        **shared.environ,
    )
    assert int(counted.stdout) >= 1, counted.stderr


def test_a_gateway_that_stops_is_not_noticed(shared: Stack) -> None:
    first = shared.gateways()[-1]
    stopping = subprocess.Popen(["docker", "stop", "-t", "30", first], stdout=subprocess.DEVNULL)
    try:
        headers = {"authorization": f"Bearer {shared.key}"}
        for _ in range(20):
            told = requests.get(shared.url + "/v1/models", headers=headers, timeout=30)
            assert told.status_code == 200, told.text
            time.sleep(0.2)
    finally:
        stopping.wait(60)
        subprocess.run(["docker", "start", first], capture_output=True, check=True)


def test_the_variable_is_needed_and_the_flag_alone_is_refused(shared: Stack) -> None:
    """`docker compose --profile shared` does not tell the gateway, so PostgreSQL does not start."""
    environ = {**shared.environ, "COMPOSE_PROFILES": ""}
    told = compose("--profile", "shared", "run", "--rm", "--no-deps", "-T", "redis", **environ)
    assert told.returncode != 0
    assert "redis: set COMPOSE_PROFILES=shared in .env" in told.stdout + told.stderr
