"""Spans as the gateway uses them. `OFF` is every span of a gateway that does not trace.

A span never holds the text of a conversation, an argument of a tool, a key, a token or a path.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Protocol, Self

Attributes = Mapping[str, str | int | float | bool]
Kind = Literal["internal", "server", "client"]
NO_HEADERS: Mapping[str, str] = {}


class Span:
    """A span that does nothing, and the methods that every span has. As a context manager it is the
    parent of the spans that begin inside its block, and ends with it."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Whether attributes are kept; where not, they need not be computed."""
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, or ""."""
        return ""

    def rename(self, name: str) -> None:
        """For what is known only at the end, such as the route."""

    def set(self, attributes: Attributes) -> None:
        """Adds attributes."""

    def fail(self, kind: str) -> None:
        """Marks the span as failed. `kind`: a short word, never a message."""

    def fail_with(self, error: BaseException) -> None:
        """Marks the span with the error's kind, code or class. Its text is left out. One that was
        cancelled has not failed."""

    def end(self) -> None:
        """For a span that is no context manager. The second call does nothing."""

    def headers(self) -> Mapping[str, str]:
        """`traceparent` and `tracestate` for a request that this span makes."""
        return NO_HEADERS


OFF = Span()


class Tracer(Protocol):
    def span(self, name: str, kind: Kind, attributes: Attributes | None) -> Span: ...

    def request(self, name: str, headers: Mapping[str, str]) -> Span: ...

    def root(self, name: str) -> Span: ...

    def headers(self) -> Mapping[str, str]: ...

    def close(self) -> None: ...
