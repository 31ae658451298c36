"""Serves recorded metrics of programs that cannot run beside a test, and lets their counters grow.

`/NAME` answers with `tests/data/metrics/NAME.prom`. Counters and histograms grow by what was
recorded in each PERIOD seconds; gauges stay.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.support.paths import ROOT
from tests.support.threaded_server import serving

RECORDED = ROOT / "tests/data/metrics"
PERIOD = 10.0
TYPE = re.compile(r"# TYPE (\S+) (\w+)")
SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)")


def replayed(text: str, elapsed: float) -> str:
    """The metrics as they are so many seconds later."""
    growing: set[str] = set()
    lines = []
    for line in text.splitlines():
        if kind := TYPE.match(line):
            if kind[2] in ("counter", "histogram"):
                growing.add(kind[1].removesuffix("_total"))
        elif sample := SAMPLE.fullmatch(line):
            family = re.sub(r"_(total|bucket|count|sum)$", "", sample[1])
            if family in growing:
                value = float(sample[3]) * (1 + elapsed / PERIOD)
                line = f"{sample[1]}{sample[2] or ''} {value!r}"
        lines.append(line)
    return "\n".join(lines) + "\n"


@contextmanager
def replaying() -> Iterator[str]:
    """host:port of the server."""
    started = time.monotonic()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = (RECORDED / f"{self.path[1:]}.prom").read_text()
            body = replayed(text, time.monotonic() - started).encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """No line for each scrape."""

    with serving(Handler) as url:
        yield url.removeprefix("http://")
