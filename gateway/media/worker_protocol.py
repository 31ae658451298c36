"""Messages between the gateway and its workers: a length, as much JSON, and as many bytes as the JSON's `size` says.

Nothing else is ever read from a worker, since whoever finds a way into one must find none from there into the gateway.
"""

import json
import os
import struct
from collections.abc import Iterable
from typing import Any

LENGTH = struct.Struct(">I")
MAX_HEAD_BYTES = 64 * 1024


def send(pipe: int, head: dict[str, Any], parts: Iterable[bytes | bytearray] = ()) -> None:
    """Raises OSError where the other side is gone."""
    parts = list(parts)
    text = json.dumps({**head, "size": sum(map(len, parts))}).encode()
    for part in (LENGTH.pack(len(text)) + text, *parts):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(pipe, rest) :]


def receive(pipe: int, max_bytes: int) -> tuple[dict[str, Any], bytearray]:
    """Raises EOFError where the other side is gone, ValueError where it says nonsense or more than `max_bytes`."""
    (length,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
    if length > MAX_HEAD_BYTES:
        raise ValueError("head of a message")
    head = json.loads(_exactly(pipe, length))
    size = head["size"]
    if not isinstance(size, int) or not 0 <= size <= max_bytes:
        raise ValueError("size of a message")
    return head, _exactly(pipe, size)


def _exactly(pipe: int, size: int) -> bytearray:
    whole = bytearray(size)
    rest = memoryview(whole)
    while rest:
        count = os.readv(pipe, [rest])
        if not count:
            raise EOFError
        rest = rest[count:]
    return whole
