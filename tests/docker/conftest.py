"""The real stack: docker-compose.yml with ENGINE=lite, started once and taken down at the end.

`.ci/run` installs a Docker engine where the host has none, and then sets REQUIRE_DOCKER=1: from
then on, a missing engine fails the tests. Elsewhere they are skipped, with the reason.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.docker_stack import Stack, compose
from tests.support.monitored_stack import Watched, watched_stack
from tests.support.servers import free_port


@pytest.fixture(scope="session")
def docker() -> None:
    if shutil.which("docker") is None:
        reason = "docker is not installed here"
    else:
        found = subprocess.run(["docker", "info"], capture_output=True, text=True)
        if found.returncode == 0:
            return
        reason = f"no Docker engine answers here: {found.stderr.strip()[:200]}"
    (pytest.fail if os.environ.get("REQUIRE_DOCKER") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def stack(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    port = free_port()
    environ = {
        "ENGINE": "lite",
        "HTTP_PORT": str(port),
        "HTTPS_PORT": str(free_port()),
        "PRIVATE_SUBNET": "172.30.84.0/24",
        "BASIC_AUTH_USER": "agent",
        "BASIC_AUTH_PASSWORD": "desk-password",
        "PROXY_SECRET": "between-us",
        "API_KEYS": "shop:sk-docker",
        "EMBED_SECRET": "signs-tokens",
    }
    # Beside the project: a developer's own .env is neither read nor touched.
    env_file = tmp_path_factory.mktemp("stack") / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
    environ["ENV_FILE"] = str(env_file)
    try:
        started = compose("up", "-d", "--build", "--wait", **environ)
        assert started.returncode == 0, (
            started.stderr[-3000:] + compose("logs", "--tail", "40", **environ).stdout
        )
        yield Stack(f"http://127.0.0.1:{port}", "agent", "desk-password", "sk-docker", environ)
    finally:
        compose("down", "-v", "--timeout", "10", **environ)


@pytest.fixture(scope="session")
def watched(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched_stack(tmp_path_factory.mktemp("monitoring")) as stack:
        yield stack
