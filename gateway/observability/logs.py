"""Logs: one JSON object a line on stdout. Never the text of a conversation, an image, a key or a token."""

import logging
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson


class Record(logging.LogRecord):
    """What a line shows, and nothing that logging would find out besides for each."""

    pathname = filename = module = funcName = ""
    lineno = 0
    exc_text = stack_info = None

    def __init__(
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        *_: Any,
        **__: Any,
    ) -> None:
        self.name, self.levelno, self.levelname = name, level, logging.getLevelName(level)
        self.msg, self.exc_info = msg, exc_info
        # As LogRecord takes %(name)s: one mapping and nothing beside it.
        self.args = (
            args[0]
            if args and len(args) == 1 and isinstance(args[0], Mapping) and args[0]
            else args
        )
        self.created = time.time()


def note(log: logging.Logger, event: str, fields: dict[str, Any]) -> None:
    """As `log.info(event, extra=fields)`, for the line of every request: a Logger holds each field against a record's own names."""
    if log.isEnabledFor(logging.INFO):
        record = Record(log.name, logging.INFO, "", 0, event, None, None)
        vars(record).update(fields)
        log.handle(record)


# The rest of a record came in through `extra`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(fields_of(record), default=str).decode()


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = fields_of(record)
        head = f"{fields.pop('time')} {fields.pop('level'):7} {fields.pop('event')}"
        return " ".join([head, *(f"{name}={value}" for name, value in fields.items())])


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "time": moment(record.created),
        "level": record.levelname.lower(),
        "event": record.getMessage(),
    }
    fields |= {name: value for name, value in vars(record).items() if name not in STANDARD}
    if record.exc_info:
        fields["exception"] = logging.Formatter().formatException(record.exc_info)
    return fields


def moment(seconds: float) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    milliseconds = int(seconds * 1000)
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}+00:00"


@lru_cache(1)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def configure(level: str, format: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JSONFormatter() if format == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.setLogRecordFactory(Record)
    logging._srcfile = None  # nor who called (logging's own manual, "Optimization")
    # The gateway logs its requests itself; these repeat them, or name URLs.
    for noisy in ("uvicorn.access", "httpx", "slowapi", "pyvips", "PIL", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
