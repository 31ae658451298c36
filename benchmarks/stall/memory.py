"""Samples the memory of a server and of its children."""

import threading
from contextlib import suppress

import psutil

EVERY_SECONDS = 0.02
KIB = 1024


class Peak:
    """Peak bytes: resident in the process, and in its children without file-backed pages."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._own = self._children = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def take(self) -> tuple[int, int]:
        """(process, children): peak bytes since the last call."""
        peaks = self._own, self._children
        self._own = self._children = 0
        return peaks

    def _watch(self) -> None:
        pause = threading.Event()
        while self._process.is_running():
            with suppress(psutil.Error):
                children = [child.pid for child in self._process.children(recursive=True)]
                self._own = max(self._own, _field(self._process.pid, "VmRSS"))
                held = sum(_field(pid, "RssAnon") + _field(pid, "RssShmem") for pid in children)
                self._children = max(self._children, held)
            pause.wait(EVERY_SECONDS)


def _field(pid: int, name: str) -> int:
    """Bytes from /proc/PID/status; 0 if the process is gone."""
    with (
        suppress(OSError),
        open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status,
    ):
        for line in status:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * KIB
    return 0
