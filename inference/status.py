"""How far the engine is, in one file that the gateway reads: /readyz, `make up` and the page show it."""

import asyncio
import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

# Rewritten at least so often; the gateway takes no notice of a file that is much older.
BEAT_SECONDS = 5.0


class Status:
    """`phase` is downloading, starting, loading, compiling, warming, ready, stopping or failed; `percent` 0–100 or None.

    In the file also `since` and `updated_at`, Unix seconds: when the phase began, and the last beat.
    """

    def __init__(self, path: Path, **constants: Any) -> None:
        self._path = path
        self._constants = constants
        self._state: dict[str, Any] = {"phase": "starting", "percent": None, "detail": None}
        self._since = time.time()
        self._written_at = 0.0

    @property
    def phase(self) -> str:
        return str(self._state["phase"])

    def set(self, phase: str, percent: int | None = None, detail: str | None = None) -> None:
        state = {"phase": phase, "percent": percent, "detail": detail}
        if phase != self.phase:
            self._since = time.time()
        if state != self._state or time.monotonic() - self._written_at >= BEAT_SECONDS:
            self._state = state
            self._write()

    def note(self, **constants: Any) -> None:
        """Adds what stays the same from now on."""
        self._constants.update(constants)

    async def beating(self) -> None:
        """Beats until it is cancelled."""
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
