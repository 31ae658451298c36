"""Reads how far an engine's start is, from the file that inference/status.py writes."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog

from gateway.server.regular_files import read_whole

log = structlog.get_logger()

# The writer renews the file every 5 s. An older one is of an engine that is gone; only its
# phase `failed` still counts.
STALE_SECONDS = 60.0
REREAD_SECONDS = 0.5
MAX_BYTES = 64 * 1024
MOST = 1_000_000  # of anything that the launcher counts


@dataclass(frozen=True, slots=True)
class LaunchStatus:
    """How far the start is.

    `phase` as inference/status.py names it; `percent` 0 to 100 where known; `since`: when the
    phase began, Unix seconds.
    """

    phase: str
    percent: int | None = None
    detail: str | None = None
    max_concurrent: int | None = None
    max_picture_tokens: int | None = None
    since: float | None = None

    @property
    def under_way(self) -> bool:
        """Whether a launcher works and has not seen a token yet.

        A file with `ready` or `stopping` may have been left behind by an earlier start.
        """
        return self.phase not in ("ready", "stopping")


class LaunchStatusFile:
    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._read_at = float("-inf")
        self._found: LaunchStatus | None = None
        self._broken = ""

    @property
    def problem(self) -> str | None:
        """Why the file cannot be used, where one is there."""
        self.read()
        return f"{self._path}: {self._broken}" if self._broken else None

    def read(self) -> LaunchStatus | None:
        """None where no launcher writes, or none does any more."""
        if self._path is not None and time.monotonic() - self._read_at >= REREAD_SECONDS:
            self._read_at = time.monotonic()
            self._found = self._reread(self._path)
        return self._found

    def _reread(self, path: Path) -> LaunchStatus | None:
        try:
            found, reason = _startup(orjson.loads(read_whole(path, MAX_BYTES))), ""
        except FileNotFoundError:
            found, reason = None, ""
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            found, reason = None, f"{type(error).__name__}: {error}"
        if reason and reason != self._broken:
            log.warning("engine_status_unreadable", path=str(path), reason=reason)
        self._broken = reason
        return found


def _startup(table: dict[str, Any]) -> LaunchStatus | None:
    """Raises ValueError, KeyError, TypeError, OverflowError."""
    # The writer is another process, so `updated_at` is a time of day. When the clock is set, it is
    # wrong until the next write.
    stale = abs(time.time() - float(table["updated_at"])) > STALE_SECONDS
    if stale and table["phase"] != "failed":
        return None
    percent, detail = table.get("percent"), table.get("detail")
    return LaunchStatus(
        str(table["phase"]),
        int(percent) if percent is not None else None,
        str(detail)[:500] if detail else None,
        None if stale else _count(table, "max_concurrent"),
        _count(table, "max_picture_tokens"),
        float(table["since"]) if table.get("since") else None,
    )


def _count(table: dict[str, Any], name: str) -> int | None:
    """Returns a number of 1 or more, or None. Raises ValueError, TypeError, OverflowError."""
    if not table.get(name):
        return None
    if not 1 <= int(table[name]) <= MOST:
        raise ValueError(f"{name} is not between 1 and {MOST}")
    return int(table[name])
