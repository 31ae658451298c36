"""The headers that every response carries, collected while the request runs."""

Headers = list[tuple[bytes, bytes]]


class ResponseHeaders:
    """Middleware and routes add headers until the response starts; `start` returns them all.

    `start` is called once, by whoever writes the head of the response: the access log, or a
    response that sends past all middleware.
    """

    __slots__ = (
        "_headers",
        "_is_charged",
        "_request_id",
        "_visitor_cookie",
        "failed_late",
        "stage_seconds",
        "status",
    )

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._headers: Headers = []
        self._visitor_cookie = b""
        self._is_charged = False
        # Seconds by stage (queue, media, knowledge, upstream), for Server-Timing. The turn fills it
        # while it runs, since the head is written before the turn ends.
        self.stage_seconds: dict[str, float] = {}
        self.status: int | None = None  # of the response, once it has started
        self.failed_late = False  # a stream that ends with an error, after its 200

    def add(self, name: bytes, value: bytes) -> None:
        """`name` is in lower case."""
        self._headers.append((name, value))

    def add_rate_limit(self, headers: Headers, *, allowed: bool) -> None:
        """The x-ratelimit headers of a request that was counted."""
        self._headers += headers
        self._is_charged = allowed

    def set_visitor_cookie(self, cookie: bytes) -> None:
        """Sent only with charged responses, since each new cookie gets a fresh rate limit."""
        self._visitor_cookie = cookie

    @property
    def is_charged(self) -> bool:
        """Whether a rate limit has counted the request and let it pass."""
        return self._is_charged

    def start(self, status: int) -> Headers:
        """Records that the response starts; returns the headers for its head."""
        self.status = status
        headers = [(b"x-request-id", self._request_id.encode("latin-1")), *self._headers]
        if self.stage_seconds:
            timings = ", ".join(
                [f"{name};dur={seconds * 1000:.1f}" for name, seconds in self.stage_seconds.items()]
            )
            headers.append((b"server-timing", timings.encode("ascii")))
        if self._visitor_cookie and self._is_charged:
            headers.append((b"set-cookie", self._visitor_cookie))
        headers.append((b"x-content-type-options", b"nosniff"))
        return headers
