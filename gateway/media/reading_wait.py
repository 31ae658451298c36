"""How long a question waits for the readings of its pictures, and what it hears meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from gateway.media.attachments import Attachment, scans_of
from gateway.media.ocr_scan import OCRScan
from gateway.throttling.fair_queue import OnPosition


@dataclass(frozen=True, slots=True)
class ReadingWait:
    """A question waits `seconds` for all readings, then `extra_seconds` for the whole of its newest
    pictures and for a part of every earlier image or document. `queue_key` is the caller's in the
    OCR queue; `on_position` is told the position there, 0 once OCR has begun. `on_part` is called
    in the extra time, whenever more of the pictures is read."""

    queue_key: str
    seconds: float
    extra_seconds: float = 0.0
    on_position: OnPosition | None = None
    on_part: Callable[[list[Attachment]], Awaitable[None]] | None = None


async def wait_for_readings(attachments: list[Attachment], wait: ReadingWait) -> None:
    """Scans that are not done by the end go on; the next question finds their readings."""
    waiter = _ScanWaiter(scans_of(attachments), wait.on_position)
    await waiter.until(lambda: False, wait.seconds)
    if wait.extra_seconds:
        newest = max((attachment.position[0] for attachment in attachments), default=0)
        asked = scans_of(page for page in attachments if page.position[0] == newest)
        documents = [
            list(pages) for _, pages in groupby(attachments, lambda attachment: attachment.position)
        ]

        def is_enough() -> bool:
            return all(scan.is_done for scan in asked) and all(map(_is_settled, documents))

        clock = asyncio.get_running_loop().time
        ends = clock() + wait.extra_seconds
        while not is_enough() and (left := ends - clock()) > 0:
            known = _count_done(asked)
            if wait.on_part and any(page.is_read for page in attachments):
                await wait.on_part(attachments)
            await waiter.until(
                lambda known=known: is_enough() or _count_done(asked) > known,  # type: ignore[misc]  # mypy infers no default of a lambda
                left,
            )


def _count_done(scans: Iterable[OCRScan]) -> int:
    return sum(scan.is_done for scan in scans)


def _is_settled(pages: list[Attachment]) -> bool:
    """Whether a part of the document is read, or nothing of it will be."""
    return any(page.is_read for page in pages) or all(scan.is_done for scan in scans_of(pages))


class _ScanWaiter:
    """Waits for several scans. Reports one position: the best of theirs, until the first begins."""

    def __init__(self, scans: Iterable[OCRScan], on_position: OnPosition | None) -> None:
        self._scans = list(scans)
        self._on_position = on_position
        self._reported: int | None = None

    async def until(self, is_enough: Callable[[], bool], seconds: float) -> None:
        """Until `is_enough()`, all scans are done, or `seconds` are over."""
        changed = asyncio.Event()
        for scan in self._scans:
            scan.watch(changed)
        try:
            async with asyncio.timeout(seconds):
                while not is_enough() and (
                    pending := [scan for scan in self._scans if not scan.is_done]
                ):
                    changed.clear()
                    await self._report(pending)
                    await changed.wait()
        except TimeoutError:
            pass
        finally:
            for scan in self._scans:
                scan.unwatch(changed)
        if self._reported:  # it waited in the queue, and does not any more
            await self._report(self._scans)

    async def _report(self, scans: list[OCRScan]) -> None:
        positions = [scan.position for scan in scans if scan.position is not None]
        position = min(positions, default=self._reported)
        if (
            self._on_position is None
            or position == self._reported
            or self._reported == 0
            or (position == 0 and self._reported is None)
        ):
            return
        self._reported = position
        if position is not None:
            await self._on_position(position)
