"""Logs: one JSON object a line on stdout, in the gateway's form (contract, section 7).

`lite` logs its requests (`inference/request_log.py`), and warnings and errors of any module. Never
log the text of a conversation or an image.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, Processor

from inference.request_log import request_id


def configure(format: str = "json") -> None:
    """Sends the lines of structlog and of every library's logger through one renderer. `format` is
    json or text."""
    steps: list[Processor] = [structlog.processors.format_exc_info, in_order]
    structlog.configure(
        processors=[*steps, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[ExtraAdder(), *steps],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                as_text if format == "text" else structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def in_order(_: Any, level: str, event: EventDict) -> EventDict:
    """Puts time (ISO 8601, UTC, milliseconds), level, event and the request's id first."""
    first = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "error" if level == "exception" else level,
        "event": event.pop("event"),
    }
    if asked := request_id.get():
        first["request_id"] = asked
    return {**first, **event}


def as_text(_: Any, __: str, event: EventDict) -> str:
    """The event as `TIME LEVEL EVENT name=value …`."""
    head = f"{event.pop('time')} {event.pop('level'):7} {event.pop('event')}"
    return " ".join([head, *(f"{name}={value}" for name, value in event.items())])
