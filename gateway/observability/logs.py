"""Logs: one line an event on stdout, as JSON or as text.

Never log the text of a conversation, an image, a key or a token.

The gateway's own modules log through structlog. Libraries log through `logging`, and
`ProcessorFormatter` hands their records to the same renderer, so every line has the same form
(contract, section 7): `time`, `level`, `event`, then the event's own fields in the order given.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, Processor

from gateway.observability.request_ids import request_id

# The gateway logs its requests itself; these loggers repeat them, or name URLs.
NOISY = (
    "uvicorn.access",
    "httpx",
    "httpx2",
    "mcp",
    "slowapi",
    "pyvips",
    "PIL",
    "asyncio",
    "alembic",
)


class StdoutLogger:
    """Writes a line. A stdout that is full or closed loses the line and fails no request."""

    def __init__(self, stdout: BinaryIO) -> None:
        self._write, self._flush = stdout.write, stdout.flush

    def msg(self, line: bytes) -> None:
        try:
            self._write(line)
            self._flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = exception = msg


def configure(level: str, format: str) -> None:
    """Sets up structlog and `logging` for the process.

    `level` is one of debug, info, warning, error; `format` is json or text.
    """
    render = as_json if format == "json" else as_text
    steps: list[Processor] = [
        structlog.processors.format_exc_info,
        in_order,
        render,
    ]
    structlog.configure(
        processors=steps,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: StdoutLogger(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[ExtraAdder()],
            processors=[ProcessorFormatter.remove_processors_meta, *steps, _decoded],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def in_order(_: Any, level: str, event: EventDict) -> EventDict:
    """Puts time (ISO 8601, UTC, milliseconds), level, event and the request's id first."""
    event.pop("color_message", None)  # uvicorn's copy of its message, with terminal colours
    first = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "error" if level == "exception" else level,
        "event": event.pop("event"),
    }
    if asked := request_id.get():
        first["request_id"] = asked
    return {**first, **event}


def as_json(_: Any, __: str, event: EventDict) -> bytes:
    """The event as a JSON object. The standard library takes what orjson refuses: lone surrogates
    and integers of more than 64 bits."""
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return json.dumps(event, default=str).encode() + b"\n"


def as_text(_: Any, __: str, event: EventDict) -> bytes:
    """The event as `TIME LEVEL EVENT name=value …`."""
    head = f"{event.pop('time')} {event.pop('level'):7} {event.pop('event')}"
    fields = (f"{name}={value}" for name, value in event.items())
    return " ".join([head, *fields]).encode("utf-8", "backslashreplace") + b"\n"


def _decoded(_: Any, __: str, line: Any) -> str:
    """`logging` takes text, and ends the line itself."""
    text: str = line.decode().rstrip("\n")
    return text
