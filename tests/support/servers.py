"""Starts the real servers (gateway, embedded engine, fake engines) on free ports."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support import forked
from tests.support.forked import Process
from tests.support.paths import ROOT
from tests.support.workers import PORTS, next_port

START_SECONDS = 60
Around = Callable[[list[str]], list[str]]
_around: list[Around] = []


@dataclass(frozen=True, slots=True)
class Running:
    url: str
    process: Process
    log: Path


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Processes started inside run on this core, with all their threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def started_by(around: Around) -> Iterator[None]:
    """Servers started inside are started by the command that `around` makes of their own."""
    _around.append(around)
    try:
        yield
    finally:
        _around.pop()


def free_port() -> int:
    """A port that no other call, here or in another worker, returns soon."""
    for _ in range(PORTS):
        port = next_port()
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("no port is free")


@contextlib.contextmanager
def running(
    module: str, settings: dict[str, str], health: str = "/healthz", root: str = str(ROOT)
) -> Iterator[Running]:
    """`root`: the folder of the code."""
    port = int(settings.get("PORT") or free_port())
    environ = {name: value for name, value in os.environ.items() if name not in settings}
    environ |= {"HOST": "127.0.0.1", "PORT": str(port), **settings}
    with tempfile.NamedTemporaryFile(prefix="sightdesk-", suffix=".log") as log:
        process = started(module, environ, Path(log.name), root)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url + health, process, Path(log.name))
            yield Running(url, process, Path(log.name))
        finally:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def started(module: str, environ: dict[str, str], log: Path, root: str = str(ROOT)) -> Process:
    """`python -m MODULE`. Tests start it without its imports; a benchmark measures them, too."""
    if "PYTEST_VERSION" in os.environ and root == str(ROOT) and not _around:
        return forked.start(module, environ, log)
    command = [sys.executable, "-m", module]
    for around in _around:
        command = around(command)
    with log.open("ab") as out:
        return subprocess.Popen(command, cwd=root, env=environ, stdout=out, stderr=out)


def wait_for(
    url: str,
    process: Process | None = None,
    log: Path | None = None,
    seconds: float = START_SECONDS,
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}: {log.read_text() if log else ''}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"{url} did not answer in {seconds:g} s")


def wait_until(true: Callable[[], object], seconds: float) -> float:
    """Returns the seconds until `true()` is true. Raises AssertionError after `seconds`."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if true():
            return time.monotonic() - started
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s")


@contextlib.contextmanager
def running_lite() -> Iterator[Running]:
    with running("inference.lite", {}) as lite:
        yield lite


@contextlib.contextmanager
def running_gateway(
    engine_url: str, data_dir: Path, module: str = "gateway", root: str = str(ROOT), **settings: str
) -> Iterator[Running]:
    """A gateway for the engine at `engine_url`, open to this machine, with high rate limits.
    `root`: the folder of its code."""
    defaults = {
        "ENGINE": "lite",
        "ENGINE_URLS": engine_url,
        "READER_URL": engine_url,
        "FALLBACK_ENGINE_URL": "",
        "ANONYMOUS_NETWORKS": "127.0.0.0/8,::1/128",
        "RATE_LIMIT_IP": "100000/minute",
        "RATE_LIMIT_USER": "100000/minute",
        "RATE_LIMIT_KEY": "100000/minute",
        "RATE_LIMIT_API": "100000/minute",
        "ENGINE_SEES": "1",  # no question of the gateway's own is among those that tests count
        "KNOWLEDGE_DIR": str(ROOT / "knowledge"),
        "FRONTEND_DIR": str(ROOT / "frontend"),
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": f"sqlite:///{data_dir}/sightdesk.db",
    }
    if "DATABASE_URL" not in settings and root == str(ROOT):
        lay_tables(data_dir / "sightdesk.db")
    with running(module, {**defaults, **settings}, root=root) as gateway:
        yield gateway


def lay_tables(file: Path) -> None:
    """Spares a test's gateway the migrations, a fifth of its start. A benchmark's makes them."""
    if "PYTEST_VERSION" in os.environ and not file.exists() and os.access(file.parent, os.W_OK):
        from tests.support.databases import make_tables  # it needs this module

        make_tables(file)


@contextlib.contextmanager
def running_desk() -> Iterator[Running]:
    with (
        tempfile.TemporaryDirectory() as data,
        running_lite() as lite,
        running_gateway(lite.url, Path(data)) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        yield gateway


@contextlib.contextmanager
def running_host(gateway: Running, *module: str, **settings: str) -> Iterator[str]:
    """Starts an example that embeds the desk. Yields its origin on localhost: another site than
    the gateway's 127.0.0.1."""
    port = free_port()
    environ = {**os.environ, "SIGHTDESK_URL": gateway.url, "PORT": str(port), **settings}
    process = subprocess.Popen(
        [sys.executable, "-m", *module], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL
    )
    try:
        origin = f"http://localhost:{port}"
        wait_for(origin + "/", process)
        yield origin
    finally:
        process.terminate()
        process.wait(10)
