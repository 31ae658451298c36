"""Checks the pinned packages without a network: none unknown, none yanked, none asleep unnoticed.

`python -m scripts.pins` reads requirements/*.txt and requirements/packages.toml, a table of each
pin's release. It fails for

- a pin that is not in the table;
- a pin that its author has yanked;
- a package without a release for two years that docs/decisions/016-libraries.md does not name.

`python -m scripts.pins --update` makes the table again. It needs a network, and uv on PATH.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements"
TABLE = REQUIREMENTS / "packages.toml"
DECISION = ROOT / "docs/decisions/016-libraries.md"
ASLEEP = timedelta(days=730)
PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}==[^\s;\\]{1,99}", re.MULTILINE)
YANKED = re.compile(r"`([A-Za-z0-9._-]{1,99}==[^`\s]{1,99})` is yanked")
HEAD = """\
# Made by `make pins`: when each pinned version came out, when its package last had a release, and
# whether the version is yanked. `make check` compares the pins with it, without a network.
"""


@dataclass(frozen=True, slots=True)
class Release:
    """What the package index said of one pin."""

    released: date
    latest: date  # of the package's newest release
    yanked: bool


@dataclass(frozen=True, slots=True)
class Table:
    """All pins, and the day on which the index was asked."""

    checked: date
    releases: dict[str, Release]  # by "name==version": a package may have a pin for each Python


def pins_in(text: str) -> list[str]:
    """The pins in a requirements file, as "name==version"."""
    return PIN.findall(text)


def read_table(text: str) -> Table:
    """Raises ValueError, KeyError or TypeError for text that `table_text` did not make."""
    table = tomllib.loads(text)
    releases = {name: Release(**entry) for name, entry in table["pins"].items()}
    return Table(table["checked"], releases)


def table_text(table: Table) -> str:
    """The table as TOML, a line a package."""
    lines = [HEAD, f"checked = {table.checked}\n\n[pins]\n"]
    for pin, one in sorted(table.releases.items()):
        lines.append(
            f'"{pin}" = {{ released = {one.released}, latest = {one.latest}, '
            f"yanked = {str(one.yanked).lower()} }}\n"
        )
    return "".join(lines)


def problems(pins: list[str], table: Table, decision: str) -> Iterator[str]:
    """A line for each pin that may not stay as it is."""
    for pin in sorted(set(pins)):
        name = pin.partition("==")[0]
        release = table.releases.get(pin)
        if release is None:
            yield f"{pin} is not in requirements/packages.toml; run `make pins`"
        elif release.yanked:
            yield f"{pin} is yanked; run `make lock` for another version"
        elif table.checked - release.latest > ASLEEP and f"`{name}`" not in decision:
            yield (
                f"{name} has had no release since {release.latest}; replace it, "
                f"or name it in docs/decisions/{DECISION.name} with the reason why it stays"
            )


def check() -> int:
    pins = [pin for file in REQUIREMENTS.glob("*.txt") for pin in pins_in(file.read_text("utf-8"))]
    table = read_table(TABLE.read_text("utf-8"))
    found = list(problems(pins, table, DECISION.read_text("utf-8")))
    for line in found:
        print(f"pins: {line}", file=sys.stderr)
    return 1 if found else 0


def update() -> int:
    """Asks the index by uv: once for the pins, once for the newest versions."""
    pinned, warnings = _resolved("requirements/dev.txt")
    extras = [f"--extra={name}" for name in ("gateway", "lite", "launcher", "dev")]
    newest, _ = _resolved("pyproject.toml", "--upgrade", *extras)
    latest = {pin.partition("==")[0]: day for pin, day in sorted(newest.items(), key=_day)}
    yanked = set(YANKED.findall(warnings))
    releases = {
        pin: Release(day, max(day, latest.get(pin.partition("==")[0], day)), pin in yanked)
        for pin, day in pinned.items()
    }
    TABLE.write_text(table_text(Table(datetime.now(UTC).date(), releases)), "utf-8")
    return check()


def _day(item: tuple[str, date]) -> date:
    return item[1]


def _resolved(source: str, *flags: str) -> tuple[dict[str, date], str]:
    """({"name==version": day of its upload}, uv's warnings)."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "pylock.toml"
        command = ["uv", "pip", "compile", "--universal", "--python-version=3.11", "--no-header"]
        command += ["--format=pylock.toml", f"--output-file={lock}", *flags, source]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        table = tomllib.loads(lock.read_text("utf-8"))
    found = {}
    for package in table["packages"]:
        files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
        day = max(file["upload-time"] for file in files).date()
        found[f"{package['name']}=={package['version']}"] = day
    return found, done.stderr


if __name__ == "__main__":
    sys.exit(update() if "--update" in sys.argv[1:] else check())
