"""BACKUP_SCHEDULE: makes backups when they are due, one gateway for all.

The work runs in a process of its own (`python -m gateway.backup create`), so that answers do not
wait for it. A time that passed while no gateway ran is made up for at the start.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence

import structlog

from gateway.backup.journal import Journal
from gateway.backup_times import BackupTimes
from gateway.errors import GatewayError
from gateway.observability.metrics import Metrics

log = structlog.get_logger()

LOOK_SECONDS = 20.0  # between two looks at the schedule, the table and the metric
RENEW_SECONDS = 10.0
STOP_SECONDS = 3.0
COMMAND = (sys.executable, "-m", "gateway.backup", "create")


class BackupKeeper:
    """`times`: None makes none, and only shows when the last one was made."""

    def __init__(
        self,
        journal: Journal,
        metrics: Metrics,
        times: BackupTimes | None,
        *,
        command: Sequence[str] = COMMAND,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._journal = journal
        self._metrics = metrics
        self._times = times
        self._command = command
        self._look_seconds = look_seconds

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with contextlib.suppress(GatewayError):  # the database is logged elsewhere
                await self.look()
            await asyncio.sleep(self._look_seconds)

    async def look(self) -> None:
        """Makes the backup that is due, if this gateway gets it. Raises StoreUnavailable."""
        if self._times is not None:
            slot = self._times.last(time.time())
            if await asyncio.to_thread(self._journal.claim, slot, time.time()):
                await self._make(slot)
        await asyncio.to_thread(self._show, time.time())

    def _show(self, now: float) -> None:
        """Raises StoreUnavailable."""
        self._metrics.last_backup.set(self._journal.last_success(now) or 0)
        due = None if self._times is None else self._journal.due_since(self._times, now)
        self._metrics.backup_overdue.set(0 if due is None else now - due)

    async def _make(self, slot: int) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            f"--slot={slot}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        ended = asyncio.create_task(process.communicate())
        try:
            while not (await asyncio.wait((ended,), timeout=RENEW_SECONDS))[0]:
                await asyncio.to_thread(self._journal.renew, slot, time.time())
        finally:
            await _end(process, ended)
        told = ended.result()[1].decode("utf-8", "replace").strip()
        if process.returncode == 0:
            self._metrics.backups.labels("made").inc()
            log.info("backup_made", slot=slot, note=told)
            return
        self._metrics.backups.labels("failed").inc()
        why = told.splitlines()[-1] if told else f"exit status {process.returncode}"
        log.error("backup_failed", slot=slot, reason=why)
        await asyncio.to_thread(self._journal.failed, slot, why, time.time())


async def _end(
    process: asyncio.subprocess.Process, ended: "asyncio.Task[tuple[bytes, bytes]]"
) -> None:
    """Ends a process that still runs, since the gateway stops or the database is gone."""
    for stop in (process.terminate, process.kill):
        if ended.done():
            return
        with contextlib.suppress(ProcessLookupError):
            stop()
        await asyncio.wait((ended,), timeout=STOP_SECONDS)
