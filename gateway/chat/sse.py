"""Server-sent events in an engine's bytes, however these are cut."""

import re

from gateway.errors import UpstreamError
from gateway.upstream.client import Broken

MAX_EVENT_BYTES = 32 * 1024 * 1024
END_OF_EVENT = re.compile(rb"\r?\n\r?\n")


class Unfinished(bytearray):
    """The bytes of an event whose end has not come."""

    def completed_by(self, chunk: bytes) -> bytes:
        """The events that are complete with `chunk`, their ends included; maybe none.

        Raises Broken beyond MAX_EVENT_BYTES.
        """
        searched = max(0, len(self) - 2)
        self.extend(chunk)
        end = end_of_last(self, searched, len(self))
        if not end:
            if len(self) > MAX_EVENT_BYTES:
                raise Broken("garbage", UpstreamError("The engine sent an event without an end."))
            return b""
        events = bytes(self[:end])
        del self[:end]
        return events


def end_of_first(events: bytes, start: int) -> int:
    """Where the event that begins at `start` ends: behind "\\n\\n" or "\\r\\n\\r\\n", whichever
    comes first."""
    end = events.find(b"\n\n", start)
    if end >= 0 and b"\r" not in events:
        return end + 2
    found = END_OF_EVENT.search(events, start)
    assert found is not None, "whole events only"
    return found.end()


def end_of_last(data: bytes | bytearray, start: int, end: int) -> int:
    """Where the last event ends that ends between `start` and `end`; 0 where none does."""
    at = data.rfind(b"\n\n", start, end)
    if at >= 0:
        start = at + 2
    later = data.rfind(b"\n\r\n", start, end)
    return later + 3 if later >= 0 else at + 2 if at >= 0 else 0


def split(events: bytes) -> list[bytes]:
    """Whole events, one by one, their ends included."""
    found = []
    start = 0
    while start < len(events):
        end = end_of_first(events, start)
        found.append(events[start:end])
        start = end
    return found


def payload_of(event: bytes) -> bytes:
    """What an event's `data:` lines say; empty for a comment."""
    # One line, as every engine writes it.
    if event.startswith(b"data: ") and b"\n" not in event.rstrip():
        return event[6:].strip()
    return b"\n".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
