"""Writes docs/performance.md: each bench replaces the section between its own markers."""

import os
import platform
import time
from pathlib import Path

from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "performance.md"


def machine() -> str:
    model = (
        Path("/proc/cpuinfo")
        .read_text("utf-8")
        .partition("model name")[2]
        .partition("\n")[0]
        .strip("\t: ")
    )
    return f"{model or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"


def read(bench: str, path: Path = PAGE) -> str:
    """The section of a bench as it is; "" if there is none."""
    begin, end = f"<!-- {bench} -->", f"<!-- /{bench} -->"
    return path.read_text("utf-8").partition(begin)[2].partition(end)[0].strip("\n")


def write(bench: str, text: str, path: Path = PAGE) -> None:
    """Replaces the text between the bench's markers, or appends it with new markers."""
    begin, end = f"<!-- {bench} -->", f"<!-- /{bench} -->"
    page = path.read_text("utf-8")
    before, found, rest = page.partition(begin)
    after = rest.partition(end)[2] if found else ""
    path.write_text(
        f"{before.rstrip(chr(10))}\n\n{begin}\n{text}\n{end}" + (after or "\n"), "utf-8"
    )
