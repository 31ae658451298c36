"""Memory of a server and its children, sampled while something happens to them."""

import threading
from contextlib import suppress

import psutil

EVERY_SECONDS = 0.02
KIB = 1024


class Peak:
    """Bytes resident at most: all of the process's, and of its children what they do not share by file."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._peak = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def take(self) -> int:
        """The peak since it was last taken."""
        peak, self._peak = self._peak, 0
        return peak

    def now(self) -> int:
        total = _field(self._process.pid, "VmRSS")
        for child in self._process.children(recursive=True):
            total += _field(child.pid, "RssAnon") + _field(child.pid, "RssShmem")
        return total

    def _watch(self) -> None:
        pause = threading.Event()
        while self._process.is_running():
            with suppress(psutil.Error):
                self._peak = max(self._peak, self.now())
            pause.wait(EVERY_SECONDS)


def _field(pid: int, name: str) -> int:
    """Bytes, as /proc/PID/status says; 0 of a process that is gone."""
    with suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * KIB
    return 0
