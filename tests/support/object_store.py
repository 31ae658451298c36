"""moto's server, as an S3-compatible store with the bucket `desk`."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from tests.support.servers import free_port, wait_for


@contextmanager
def object_store() -> Iterator[str]:
    """A process of its own. Yields its URL; any key is right."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url + "/moto-api/data.json", server)
        requests.put(url + "/desk", timeout=10).raise_for_status()
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with object_store() as url:
        yield url
