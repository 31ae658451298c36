"""A download's progress: a bar on a terminal, else a log line a minute; and the status file."""

import sys
import time

from tqdm import tqdm

from inference import log_lines
from inference.memory_check import gib
from inference.status import Status

LOG_SECONDS = 60.0


class Progress:
    """`total` and `done` are bytes."""

    def __init__(self, total: int, done: int, status: Status) -> None:
        self._total, self._done, self._status = total, done, status
        self._started_at, self._started_with = time.monotonic(), done
        self._logged_at = time.monotonic()
        self._bar = (
            tqdm(total=total, initial=done, unit="B", unit_scale=True, desc="model")
            if sys.stderr.isatty()
            else None
        )
        self._tell()

    def advance(self, size: int) -> None:
        """Adds bytes; a negative size takes back what has to be fetched again."""
        self._done += size
        if self._bar is not None:
            self._bar.update(size)
        elif time.monotonic() - self._logged_at >= LOG_SECONDS:
            self._logged_at = time.monotonic()
            log_lines.say("fetch", f"fetch: {self.line()}")
        self._tell()

    @property
    def percent(self) -> int:
        return int(100 * self._done / self._total) if self._total else 100

    def line(self) -> str:
        rate = (self._done - self._started_with) / max(time.monotonic() - self._started_at, 0.001)
        left = f", {(self._total - self._done) / rate / 60:.0f} min left" if rate > 1 else ""
        amount = f"{gib(self._done)} of {gib(self._total)}"
        return f"{self.percent} %, {amount}, {rate / 1e6:.1f} MB/s{left}"

    def _tell(self) -> None:
        self._status.set("downloading", self.percent)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
