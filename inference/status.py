"""How far the engine's start is, in one file. /readyz, `make up` and the page show it."""

import asyncio
import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

# The file is rewritten at least this often; the gateway ignores one that is much older.
BEAT_SECONDS = 5.0


class Status:
    """Writes the file: a phase, a percentage, a detail, and constants.

    `phase` is downloading, starting, loading, compiling, warming, ready, stopping or failed.
    `percent` is 0 to 100 or None. `since` and `updated_at` are Unix seconds: when the phase began
    and when the file was last written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._constants: dict[str, Any] = {}
        self._state: dict[str, Any] = {"phase": "starting", "percent": None, "detail": None}
        self._since = time.time()
        self._written_at = 0.0

    @property
    def phase(self) -> str:
        return str(self._state["phase"])

    def set(self, phase: str, percent: int | None = None, detail: str | None = None) -> None:
        """Writes the file if something changed, or if the last write is BEAT_SECONDS old."""
        state = {"phase": phase, "percent": percent, "detail": detail}
        if phase != self.phase:
            self._since = time.time()
        if state != self._state or time.monotonic() - self._written_at >= BEAT_SECONDS:
            self._state = state
            self._write()

    def add_constants(self, **constants: Any) -> None:
        """Adds fields that stay the same in every later write."""
        self._constants.update(constants)

    async def beat(self) -> None:
        """Rewrites the file every BEAT_SECONDS until cancelled."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        times = {"since": self._since, "updated_at": time.time()}
        body = json.dumps({**self._constants, **self._state, **times}, ensure_ascii=False)
        with contextlib.suppress(OSError):  # a full disk must not stop an engine that runs
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".part")
            draft.write_text(body, "utf-8")
            os.replace(draft, self._path)
