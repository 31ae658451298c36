"""Three gateways, two real vLLMs with the tiny model, PostgreSQL, Redis, an S3-compatible store and
nginx in real Docker. Under load each container is killed and stopped, some are frozen. What users
saw is printed (`pytest -s`).

Needs what scripts/engine-env makes.
"""

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.support.docker_shop import ROLES, WHOLE, Shop, lost, open_shop
from tests.support.docker_stack import Stack, in_docker, metric_lines, several_gateways
from tests.support.paths import ROOT
from tests.support.servers import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
TINY = ROOT / ".cache" / "tiny-qwen3-vl"
AWAY_SECONDS = 6.0
AFTER_SECONDS = 10.0  # a busy machine brings faults of its own later
SETTINGS = {
    "COMPOSE_PROJECT_NAME": "sightdesk-engines-test",
    "COMPOSE_FILE": "docker-compose.yml:tests/docker/two_engines.yml",
    "PRIVATE_SUBNET": "172.30.94.0/24",
    "ENGINE": "cpu",
    "ENGINE_URLS": "http://inference:3001,http://second:3001",
    "MODEL_SOURCE": "local",
    "MODEL_ID": str(TINY),
    "VLLM_EXTRA_ARGS": "--enforce-eager --dtype float32",
    "FILES_URL": "s3://desk/files",
    "AWS_ENDPOINT_URL": "http://store:9000",
    "AWS_ACCESS_KEY_ID": "sightdesk",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "RATE_LIMIT_KEY": "100000/minute",
    "RATE_LIMIT_API": "100000/minute",
    "RATE_LIMIT_USER": "100000/minute",
}
# Roles that notice nothing of a service's fault, whatever it is.
UNTOUCHED = {
    "redis": set(ROLES),
    "inference": {"history", "uploads"},
    "second": {"history", "uploads"},
    "lite": {"history", "raw model"},
    "postgres": {"raw model"},
    "store": {"history", "raw model"},
}
# People wait for these, and lose nothing.
WAITED_OUT = {("gateway", "stop"), ("gateway-replica", "stop"), ("nginx", "pause")}
FAULTS = [
    (service, how)
    for service in (
        *("gateway", "gateway-replica", "inference", "second", "postgres", "redis", "nginx"),
        *("lite", "store"),
    )
    for how in ("kill", "stop")
] + [(service, "pause") for service in ("gateway", "nginx", "postgres", "store")]


@pytest.fixture(scope="module")
def stack(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if not TINY.exists():
        pytest.skip("scripts/engine-env has not made the tiny model")
    folder = tmp_path_factory.mktemp("engines")
    with several_gateways(folder, "inference", "second", "store", **SETTINGS) as started:
        assert len(started.gateways()) == 3
        yield started


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Iterator[Shop]:
    with open_shop(stack) as opened:
        opened.well(240)
        yield opened
    gone = lost(opened)
    print(f"\n{len(opened.answers)} answers and {len(opened.files)} files were acknowledged")
    assert not gone
    assert opened.answers
    assert opened.files


def engines_up(stack: Stack) -> bool:
    """Whether each gateway reaches both engines and the reader, which is the fallback too."""
    try:
        told = [metric_lines(one, "sightdesk_upstream_up{") for one in stack.gateways()]
    except subprocess.CalledProcessError:  # it does not listen yet
        return False
    return len(told) == 3 and all(
        len(lines) >= 2 and all(line.endswith(" 1.0") for line in lines) for lines in told
    )


@pytest.mark.parametrize(("service", "how"), FAULTS)
def test_what_users_see(shop: Shop, service: str, how: str) -> None:
    container = shop.stack.container(service).split()[0]
    broken = time.monotonic()
    with subprocess.Popen(["docker", how, container], stdout=subprocess.DEVNULL) as doing:
        time.sleep(AWAY_SECONDS)
        assert doing.wait(60) == 0
    in_docker("unpause" if how == "pause" else "start", container)
    back = time.monotonic() - broken
    wait_until(lambda: engines_up(shop.stack), 240)
    shop.well(180)
    print(f"\n| {service} | {how} | {back:.1f} s |")
    for role, told in shop.report(broken).items():
        print(f"    {role}: {told}")
    untouched = set(ROLES) if (service, how) in WAITED_OUT else UNTOUCHED.get(service, set())
    until = broken + back + AFTER_SECONDS
    assert all(shop.outcomes(role, broken, until) <= {WHOLE} for role in untouched)
