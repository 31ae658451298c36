"""Messages between the gateway and its image workers: a length, JSON of that length, and as many
bytes as the JSON's `size` says.

The gateway reads nothing else from a worker: an image that takes one over must not get further.
"""

import json
import os
import struct
from collections.abc import Iterable
from typing import Any

LENGTH = struct.Struct(">I")
MAX_HEAD_BYTES = 64 * 1024


def send(pipe: int, head: dict[str, Any], parts: Iterable[bytes | bytearray] = ()) -> None:
    """Raises OSError where the other process is gone."""
    parts = list(parts)
    text = json.dumps({**head, "size": sum(map(len, parts))}).encode()
    for part in (LENGTH.pack(len(text)) + text, *parts):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(pipe, rest) :]


def receive(pipe: int, max_bytes: int) -> tuple[dict[str, Any], bytearray]:
    """(head, bytes). Raises EOFError where the other process is gone, ValueError for nonsense or
    more than `max_bytes`."""
    (length,) = LENGTH.unpack(_read(pipe, LENGTH.size))
    if length > MAX_HEAD_BYTES:
        raise ValueError("head of a message")
    head = json.loads(_read(pipe, length))
    size = head["size"]
    if not isinstance(size, int) or not 0 <= size <= max_bytes:
        raise ValueError("size of a message")
    return head, _read(pipe, size)


def _read(pipe: int, size: int) -> bytearray:
    """Exactly `size` bytes. Raises EOFError."""
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        count = os.readv(pipe, [rest])
        if not count:
            raise EOFError
        rest = rest[count:]
    return data
