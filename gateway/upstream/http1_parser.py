"""Parses the HTTP/1.1 response on a connection to an engine."""

from collections import deque

import httptools

from gateway.upstream.connection import Connection
from gateway.upstream.faults import Cut, WireError

MAX_HEAD_BYTES = 64 * 1024


class ParsingConnection(Connection):
    """A connection and what has been parsed of the response on it."""

    __slots__ = (
        *("_buffered", "_chunk_ended", "_error", "_head_bytes", "_head_done"),
        *("_is_between_chunks", "_keeps_alive", "_parser", "_pieces"),
        *("complete", "headers", "status"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._forget()

    def _forget(self) -> None:
        """Starts over, for the next response."""
        self._parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.headers: dict[bytes, bytes] = {}  # by lower-case name
        self.complete = False
        self._head_bytes = 0
        self._head_done = self._keeps_alive = False
        self._pieces: deque[bytes] = deque()  # of the body, not read yet
        self._buffered = 0  # bytes of `_pieces`
        self._chunk_ended = False
        self._is_between_chunks = False  # the last read ended with a chunk's end
        self._error: WireError | None = None

    @property
    def started(self) -> bool:
        """Whether a byte of the response has come."""
        return self._head_bytes > 0

    def _parse(self, data: bytes) -> None:
        if not self._head_done:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Cut(f"no HTTP: {error}"))
        self._is_between_chunks = self._chunk_ended and data.endswith(b"\r\n")
        if not self._head_done and self._head_bytes > MAX_HEAD_BYTES:
            self._fail(Cut("a head without an end"))

    def _take(self) -> bytes:
        """Returns all pieces of the body, and lets more come."""
        data = self._pieces.popleft() if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._buffered = 0
        self.resume_reading()
        return data

    def _fail(self, error: WireError) -> None:
        """Notes the first error of a response that is not complete."""
        if self._error is None and not self.complete:
            self._error = error

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        del self._parser  # it refers to this object: a cycle that only the collector would free
        has_length = b"content-length" in self.headers or b"transfer-encoding" in self.headers
        if self._head_done and not has_length and error is None:
            self.complete = True
        else:
            self._fail(Cut("the connection broke"))

    # httptools' callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._head_done = True

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._buffered += len(body)

    def on_chunk_header(self) -> None:
        self._chunk_ended = False

    def on_chunk_complete(self) -> None:
        self._chunk_ended = True

    def on_message_complete(self) -> None:
        self.complete = True
        self._chunk_ended = False
        self._keeps_alive = self._parser.should_keep_alive()
