"""Logs: one line an event on stdout, in the form of `inference/log_lines.py` (contract, section 7).

`lite` logs its requests (`inference/request_log.py`), and warnings and errors of any module. Never
log the text of a conversation or an image.
"""

import logging
import sys
from functools import partial
from typing import Any

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, Processor

from inference.log_lines import LogLines
from inference.request_log import request_id


def configure(format: str = "json") -> None:
    """Sends the lines of structlog and of every library's logger through one renderer. `format` is
    json or text."""
    steps: list[Processor] = [structlog.processors.format_exc_info]
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
                partial(_line, LogLines(format=format)),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _line(lines: LogLines, _: Any, level: str, event: EventDict) -> str:
    """The event as a line, with the request's id first. Half of a surrogate pair is written out:
    stdout refuses it."""
    asked = request_id.get()
    fields = {**({"request_id": asked} if asked else {}), **event}
    level = "error" if level == "exception" else level
    line = lines.line(fields.pop("event"), level, fields)
    return line.encode("utf-8", "backslashreplace").decode()
