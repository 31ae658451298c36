"""Chunks of HTTP/1.1: recognises reads of whole ones, which may pass on as they came."""

import re

LAST_CHUNK = b"\r\n0\r\n\r\n"
_HEAD = re.compile(rb"([0-9a-fA-F]{1,6})\r\n")  # of a chunk without extensions (RFC 9112, 7.1)
# By the length of a whole chunk the head that servers write for it: a token is nearly always one
# such chunk, and a look-up costs a third of parsing it (docs/decisions/006-the-short-way.md).
_HEADS = {len(head) + size + 2: head for size in range(1, 4096) for head in (b"%x\r\n" % size,)}


def whole_chunks(data: bytes) -> int:
    """Returns the number of chunks in `data`, which begins where a chunk may begin.

    Returns 0 where `data` ends inside a chunk, has the last chunk in it, or is not chunked.
    """
    head = _HEADS.get(len(data))
    if head is not None and data.startswith(head) and data.endswith(b"\r\n"):
        return 1
    return 0 if data.endswith(LAST_CHUNK) else _parsed_chunks(data)


def _parsed_chunks(data: bytes) -> int:
    chunks = at = 0
    while at < len(data):
        head = _HEAD.match(data, at)
        size = int(head[1], 16) if head else 0
        if head is None or size == 0:
            return 0
        at = head.end() + size + 2
        if data[at - 2 : at] != b"\r\n":
            return 0
        chunks += 1
    return chunks


def framed(body: bytes) -> bytes:
    """Returns `body`, at least one byte, as one chunk."""
    return b"%x\r\n%b\r\n" % (len(body), body)
