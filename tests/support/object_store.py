"""rclone's server, as an S3-compatible store with the bucket `desk`: files in a folder, which
outlive a kill.

moto's server is kept for what rclone's lacks. rclone answers a range with status 200, where S3
says 206; and to it a name cannot be a file and a folder at once. moto keeps files in memory alone.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import requests

from gateway.storage.s3_store import Bucket
from tests.support.servers import free_port, wait_for, wait_until

KEY_ID, SECRET = "sightdesk", "hidden-secret"
# As in the chart. With hashes, the first listing after a start would read every file.
FLAGS = ("--config=", "--etag-hash=", "--multipart-streaming-buffer-total=128M")
RCLONE = Path(sys.executable).with_name("rclone")

Store = Callable[[], AbstractContextManager[str]]


def bucket(url: str, endpoint: str, secret: str = SECRET) -> Bucket:
    return Bucket(url, endpoint, key_id=KEY_ID, secret=secret)


def settings(endpoint: str) -> dict[str, str]:
    """The gateway's, but for FILES_URL or KNOWLEDGE_URL."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


@contextmanager
def object_store(folder: Path | None = None, port: int | None = None) -> Iterator[str]:
    """A process of its own, ended by SIGKILL. Yields its URL. A second one with the same `folder`
    and `port` has the first one's files."""
    with contextlib.ExitStack() as stack:
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "desk").mkdir(exist_ok=True)
        address = f"127.0.0.1:{port or free_port()}"
        key = f"--auth-key={KEY_ID},{SECRET}"
        command = [str(RCLONE), "serve", "s3", f"--addr={address}", key, *FLAGS, str(folder)]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: listens(f"http://{address}"), 20)
            yield f"http://{address}"
        finally:
            server.kill()
            server.wait(10)


def listens(url: str) -> bool:
    """It refuses a request without a signature, which is an answer."""
    with contextlib.suppress(requests.ConnectionError):
        return not requests.get(url, timeout=5).ok
    return False


@contextmanager
def moto_store() -> Iterator[str]:
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


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    with moto_store() as url:
        yield url
