"""How far an engine's start is: the status file that the inference container writes (inference/status.py)."""

import time
from dataclasses import dataclass
from pathlib import Path

import orjson

# The writer beats every 5 s; an older file tells of an engine that is gone, unless its last word was why.
STALE_SECONDS = 60.0
REREAD_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Startup:
    """`phase` as inference/status.py names it; `percent` 0–100 where one is known; it began at `since`, Unix seconds."""

    phase: str
    percent: int | None = None
    detail: str | None = None
    max_concurrent: int | None = None
    max_picture_tokens: int | None = None
    since: float | None = None

    @property
    def under_way(self) -> bool:
        """Whether a launcher is at work and has not yet seen a token. A file that still says "ready" or "stopping" was left behind."""
        return self.phase not in ("ready", "stopping")


class StartupFile:
    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._read_at = float("-inf")
        self._found: Startup | None = None

    def read(self) -> Startup | None:
        """None where no launcher writes, or none does any more."""
        if self._path is not None and time.monotonic() - self._read_at >= REREAD_SECONDS:
            self._read_at = time.monotonic()
            self._found = _read(self._path)
        return self._found


def _read(path: Path) -> Startup | None:
    try:
        table = orjson.loads(path.read_bytes())
        stale = time.time() - float(table["updated_at"]) > STALE_SECONDS
        if stale and table["phase"] != "failed":
            return None
        percent, detail = table.get("percent"), table.get("detail")
        return Startup(
            str(table["phase"]),
            int(percent) if percent is not None else None,
            str(detail)[:500] if detail else None,
            int(table["max_concurrent"]) if table.get("max_concurrent") and not stale else None,
            int(table["max_picture_tokens"]) if table.get("max_picture_tokens") else None,
            float(table["since"]) if table.get("since") else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
