"""Log lines of the launcher, the downloader, vLLM and `lite`, in the gateway's form.

Standard library alone: vLLM's image has no structlog. Never the text of a conversation or a key.
"""

import json
import os
import re
import sys
from datetime import UTC, datetime
from typing import Any, Self

LEVELS = ("debug", "info", "warning", "error")
# vLLM: "(APIServer pid=7) INFO 11-30 08:45:20 [api_server.py:1977] …"; uvicorn: "INFO:     …".
LEVEL = re.compile(r"^(?:\([^()]{1,60}\) )?(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b:?\s*")
STAMP = re.compile(r"^\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? ")
COLOURS = re.compile(r"\x1b\[[0-9;]{0,16}m")
# With --enable-log-requests vLLM writes the prompt and what came of it.
TEXTS = re.compile(
    r"\b(prompt|output|generated_text|prompt_token_ids)(: | ?= ?)['\"\[].*", re.DOTALL
)
MAX_MESSAGE = 8192  # characters


class LogLines:
    """`level`: the lowest that is written. `format`: json or text."""

    def __init__(self, level: str = "info", format: str = "json") -> None:
        self._lowest = LEVELS.index(level) if level in LEVELS else LEVELS.index("info")
        self._is_text = format == "text"

    @classmethod
    def from_environment(cls) -> Self:
        """By LOG_LEVEL and LOG_FORMAT. A wrong value means the default here."""
        level, format = (os.environ.get(name, "") for name in ("LOG_LEVEL", "LOG_FORMAT"))
        return cls(level.strip().lower(), format.strip().lower() or "json")

    def write(self, event: str, level: str = "info", **fields: Any) -> None:
        """One line on stdout. A stdout that is full or closed loses it."""
        if LEVELS.index(level) < self._lowest:
            return
        try:
            line = self.line(event, level, fields).encode("utf-8", "backslashreplace")
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
        except (OSError, ValueError):
            return

    def line(self, event: str, level: str, fields: dict[str, Any]) -> str:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        if not self._is_text:
            head = {"time": time, "level": level, "event": event}
            return json.dumps({**head, **fields}, ensure_ascii=False, default=str)
        told = (f"{name}={value}" for name, value in fields.items())
        return " ".join([time, f"{level:7}", event, *told])


def say(event: str, line: str, level: str = "info") -> None:
    """A line of the launcher or the downloader: as it is on stderr, or, in a container, where
    LOG_FORMAT is json, in the form of the others."""
    if is_json():
        LogLines.from_environment().write(event, level, message=line)
    else:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - a terminal reads it


def is_json() -> bool:
    """Whether LOG_FORMAT asks the launcher and the downloader for JSON."""
    return os.environ.get("LOG_FORMAT", "").strip().lower() == "json"


def vllm_fields(line: str) -> tuple[str, dict[str, Any]]:
    """(level, fields) of a line that vLLM or a library in it has written. Its own time and colours
    are left out, and what it may tell of a prompt."""
    # A progress bar writes over its own line: the last state is kept.
    line = COLOURS.sub("", line).rstrip("\r").rpartition("\r")[2].strip()
    found = LEVEL.match(line)
    level = found.group(1).lower() if found else "info"
    message = STAMP.sub("", line[found.end() :]) if found else line
    message = TEXTS.sub(r"\1\2(left out)", message)[:MAX_MESSAGE]
    return "error" if level == "critical" else level, {"message": message}
