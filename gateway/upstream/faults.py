"""What can go wrong on a connection to an engine.

WireError
├── ConnectFailed    no connection: refused, unknown host, out of time, the engine is down
├── TimedOut         the engine said nothing for too long
├── GivenUp          the engine is down: it has stopped without closing its connections
└── Cut              the connection broke, or what came is no HTTP
"""


class WireError(Exception):
    pass


class ConnectFailed(WireError):
    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class TimedOut(WireError):
    """`seconds` is the bound that was crossed."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class GivenUp(WireError):
    pass


class Cut(WireError):
    pass
