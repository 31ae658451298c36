"""nginx's counts of connections are for the private network alone."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support.nginx import NGINX
from tests.support.paths import ROOT
from tests.support.servers import free_port, wait_until


@contextmanager
def status_server(folder: Path, subnet: str) -> Iterator[str]:
    port = free_port()
    template = (ROOT / "nginx/templates/status.conf.template").read_text()
    server = template.replace("${PRIVATE_SUBNET}", subnet)
    server = server.replace("listen 8081;", f"listen 127.0.0.1:{port};")
    user = "user root;" if os.getuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ {server} }}\n"
    )
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(configuration)])
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url), 20)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def answers(url: str) -> bool:
    try:
        return bool(requests.get(url, timeout=2).status_code)
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize(("subnet", "status"), [("127.0.0.0/8", 200), ("172.30.83.0/24", 403)])
def test_the_status_is_for_the_private_network(tmp_path: Path, subnet: str, status: int) -> None:
    with status_server(tmp_path, subnet) as url:
        answer = requests.get(url + "/status", timeout=5)
        assert answer.status_code == status
        assert ("Active connections: 1" in answer.text) == (status == 200)
        assert requests.get(url + "/", timeout=5).status_code in (403, 404)
