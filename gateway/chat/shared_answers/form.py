"""The form of a running answer in Redis.

Each answer is a stream of its own, `sightdesk/answer/ID`. Its entries are parts: some events more,
with the number of the first one. Each entry also names the answer's gateway, owner and
conversation, so the first one says whose answer it is. A gateway that runs renews
`sightdesk/alive/NAME`, and reads what others want of it from `sightdesk/asked/NAME`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from gateway.errors import GatewayError, error_of

Fields = Mapping[bytes, bytes]


def answer_key(answer_id: str) -> str:
    return f"sightdesk/answer/{answer_id}"


def alive_key(gateway: str) -> str:
    return f"sightdesk/alive/{gateway}"


def asked_key(gateway: str) -> str:
    return f"sightdesk/asked/{gateway}"


@dataclass(frozen=True, slots=True)
class Head:
    """Whose answer it is. `gateway`: the name of the one that writes it. `owner`: a digest."""

    gateway: str
    owner: str
    conversation_id: str

    @classmethod
    def of(cls, fields: Fields) -> "Head":
        names = (b"gateway", b"owner", b"conversation")
        return cls(*(fields[name].decode() for name in names))


@dataclass(frozen=True, slots=True)
class Part:
    """Events of an answer from number `first` on.

    `cut`: a person has taken over; the events from this number on end the answer, whatever a reader
    has got under these numbers before. `is_last`: nothing comes after them but `error`, if the
    answer has failed.
    """

    first: int
    events: tuple[bytes, ...]
    cut: int | None = None
    is_last: bool = False
    error: GatewayError | None = None

    @property
    def size(self) -> int:
        return sum(map(len, self.events))

    @property
    def end(self) -> int:
        """The number of the event after these."""
        return self.first + len(self.events)

    def events_from(self, number: int) -> tuple[bytes, ...]:
        """Those that a reader lacks who has got the events before `number`."""
        start = number if self.cut is None else min(number, self.cut)
        return self.events[max(0, start - self.first) :]

    def fields(self, head: Head) -> dict[str, str | bytes]:
        return {
            "gateway": head.gateway,
            "owner": head.owner,
            "conversation": head.conversation_id,
            "first": str(self.first),
            "sizes": ",".join(str(len(event)) for event in self.events),
            "events": b"".join(self.events),
            "cut": "" if self.cut is None else str(self.cut),
            "last": "1" if self.is_last else "",
            "error": orjson.dumps(self.error.body()) if self.error is not None else b"",
        }

    @classmethod
    def of(cls, fields: Fields) -> "Part":
        events, start = [], 0
        for size in map(int, filter(None, fields[b"sizes"].split(b","))):
            events.append(fields[b"events"][start : start + size])
            start += size
        error = fields[b"error"]
        return cls(
            int(fields[b"first"]),
            tuple(events),
            int(fields[b"cut"]) if fields[b"cut"] else None,
            is_last=bool(fields[b"last"]),
            error=error_of(orjson.loads(error)) if error else None,
        )
