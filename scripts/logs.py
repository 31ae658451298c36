"""make logs: follows the containers' logs; with REQUEST=<id>, one request's way through all.

The lines that name the request are printed by the moment at which their work began: a line with a
`duration_ms` is written when the work ends. Standard library alone.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMPOSE = ("docker", "compose")
FOLLOW = (*COMPOSE, "logs", "-f", "--tail", "100")
ALL = (*COMPOSE, "logs", "--no-color", "--timestamps")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # Compose puts some in front of each line
# "gateway-1  | 2026-11-30T08:45:20.123456789Z {…}"
LINE = re.compile(r"^(?P<container>\S+?)(?:-\d+)?\s+\| (?P<time>\S+Z) (?P<text>.*)$")
SHOWN_FIRST = ("method", "route", "path", "status", "duration_ms")
HIDDEN = frozenset(("time", "level", "event", "request_id", *SHOWN_FIRST))


@dataclass(frozen=True, slots=True)
class Entry:
    """A line about the request. `began`: when its work began."""

    began: datetime
    container: str
    event: str
    level: str
    fields: dict[str, Any]


def main() -> int:
    request_id = sys.argv[1] if len(sys.argv) > 1 else ""
    if request_id and not REQUEST_ID.fullmatch(request_id):
        return refused("REQUEST is 1 to 128 letters, digits or . _ : -")
    try:
        if not request_id:
            return subprocess.run(FOLLOW, cwd=ROOT).returncode
        ran = subprocess.run(ALL, cwd=ROOT, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        return refused("Docker is not installed here; make demo writes its log to its terminal")
    except KeyboardInterrupt:
        return 0
    if ran.returncode:
        return refused(ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "no answer")
    found = ordered(entries(ran.stdout.splitlines(), request_id))
    if not found:
        return refused(f"no container's log names {request_id}; logs older than 100 MB are gone")
    for line in shown(found):
        print(line)
    return 0


def refused(reason: str) -> int:
    print(f"make logs: {reason}", file=sys.stderr)
    return 1


def entries(lines: Iterable[str], request_id: str) -> Iterator[Entry]:
    """What `docker compose logs --timestamps` says about one request."""
    # vLLM names a request as chatcmpl-<id>, so a dash may stand before it.
    named = re.compile(rf"(?<![A-Za-z0-9._:]){re.escape(request_id)}(?![A-Za-z0-9._:])")
    for line in lines:
        if request_id not in line or (parts := LINE.match(CONTROL.sub("", line))) is None:
            continue
        told = parsed(parts["text"])
        other = told.get("request_id")
        if other != request_id and (other or not named.search(parts["text"])):
            continue
        written = moment(str(told.get("time") or parts["time"])) or moment(parts["time"])
        if written is not None:
            taken = told.get("duration_ms")
            spent = taken if isinstance(taken, int | float) else 0
            began = written - timedelta(milliseconds=spent)
            event, level = str(told.get("event", "")), str(told.get("level", "info"))
            yield Entry(began, parts["container"], event, level, told)


def parsed(text: str) -> dict[str, Any]:
    """The line's object; {"message": text} for one of another form."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    return told if isinstance(told, dict) else {"message": text}


def moment(text: str) -> datetime | None:
    """ISO 8601; Docker's nanoseconds are cut to microseconds."""
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00"))
    except ValueError:
        return None


def ordered(found: Iterable[Entry]) -> list[Entry]:
    """By beginning; of those that begin together, the longest is around the others."""

    def longest(entry: Entry) -> float:
        return -float(entry.fields.get("duration_ms") or 0)

    return sorted(found, key=lambda entry: (entry.began, longest(entry)))


def shown(found: list[Entry]) -> Iterator[str]:
    width = max(len(entry.container) for entry in found)
    yield f"{found[0].began.isoformat(timespec='milliseconds')}, then seconds from there:"
    for entry in found:
        after = (entry.began - found[0].began).total_seconds()
        level = "" if entry.level == "info" else f"{entry.level.upper()} "
        told = f"{level}{entry.event} {_told(entry.fields)}".strip()
        yield f"{after:8.3f}  {entry.container:{width}}  {told}"


def _told(fields: dict[str, Any]) -> str:
    first = [str(fields[name]) for name in SHOWN_FIRST[:4] if fields.get(name) is not None]
    if fields.get("duration_ms") is not None:
        first.append(f"{fields['duration_ms']} ms")
    rest = [
        f"{name}={value}"
        for name, value in fields.items()
        if name not in HIDDEN and value is not None
    ]
    return " ".join([*first, *rest])


if __name__ == "__main__":
    sys.exit(main())
