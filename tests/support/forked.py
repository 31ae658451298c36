"""`python -m MODULE` without its imports, for tests that start many servers.

A gateway imports for two seconds. `Starter` is a process that has imported already and forks: each
server is a process of its own with its own settings, as `python -m` makes it. It costs its own work
alone. What starts the real way is tested by tests/scripts/test_demo.py and tests/docker.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tests.support.paths import ROOT

# What a starter imports, by the module that it then runs. "" is for all others.
IMPORTS = {
    "": (
        *("gateway.app", "gateway.server.uvicorn_server", "gateway.storage.migration"),
        *("numpy.ma", "opencc", "pydantic.v1"),  # which a start imports late
    ),
    "inference.lite": ("inference.lite.app",),
}


class Process(Protocol):
    """The part of subprocess.Popen that tests use."""

    pid: int

    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Starter:
    """The process that forks. Lives as long as this one."""

    def __init__(self, imports: tuple[str, ...]) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", *imports],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.close)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def start(self, module: str, environ: Mapping[str, str], log: Path) -> "Forked":
        pid = self.ask({"module": module, "environ": dict(environ), "log": str(log)})
        assert isinstance(pid, int)
        return Forked(pid, self)

    def ask(self, request: Mapping[str, Any]) -> int | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer: int | None = json.loads(self._process.stdout.readline())
            return answer


class Forked:
    """A process that a starter has forked: it is not this one's child."""

    def __init__(self, pid: int, starter: Starter) -> None:
        self.pid, self._starter = pid, starter
        self.returncode: int | None = None
        self._end = os.pidfd_open(pid)

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._starter.ask({"poll": self.pid})
            if self.returncode is not None:
                os.close(self._end)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            select.select([self._end], [], [], timeout)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


_starters: dict[str, Starter] = {}
_starting = threading.Lock()


def start(module: str, environ: Mapping[str, str], log: Path) -> Forked:
    """Runs the module in a new process, with this environment alone. It logs into `log`."""
    name = module if module in IMPORTS else ""
    with _starting:
        if name not in _starters:
            _starters[name] = Starter(IMPORTS[name])
    return _starters[name].start(module, environ, log)
