"""make capacity USERS=… PICTURES=… [QUESTIONS=3] [WAIT=3]: what a desk of this size needs.

Every figure is read from docs/performance.md, which says how it was measured. docs/capacity.md
says how they are put together. Standard library only.
"""

import math
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PERFORMANCE = Path(__file__).parents[1] / "docs" / "performance.md"
SHARE = 0.5  # of what was measured: questions come in bursts, and other prompts are longer
SECONDS_AN_HOUR = 3600
CARD = re.compile(r"(NVIDIA [^,\n]{1,80}),")
ASKED_TOKENS = re.compile(r"(\d{1,6}) tokens asked for")
FIGURE = re.compile(r"([\d,]{1,12}(?:\.\d{1,6})?)")
LEVELS = (1, 3, 16, 64)  # requests at once, as measured


class NoFigure(Exception):
    """docs/performance.md does not have a figure."""


@dataclass(frozen=True, slots=True)
class Load:
    """`users` in the busiest hour; `questions`: of each in that hour; `pictures`: share of
    questions with a screenshot, 0 to 1; `wait`: seconds for a whole answer, at most."""

    users: int
    pictures: float
    questions: float = 3.0
    wait: float = 3.0

    @property
    def rate(self) -> float:
        """Questions a second."""
        return self.users * self.questions / SECONDS_AN_HOUR


@dataclass(frozen=True, slots=True)
class Card:
    """One card at one number of requests at once: answers a second and seconds an answer."""

    name: str
    at_once: int
    words: float
    screenshots: float
    seconds: float

    def answers(self, pictures: float) -> float:
        """Of a mix: the card's time is shared between both kinds."""
        return 1 / ((1 - pictures) / self.words + pictures / self.screenshots)


@dataclass(frozen=True, slots=True)
class Figures:
    """Answers a second that were measured. `text`: seconds of `lite` for words, `picture` for a
    new screenshot, one after another."""

    cards: tuple[Card, ...]
    gateway: float
    sqlite: float
    postgresql: float
    text: float
    picture: float


def read_figures(text: str) -> Figures:
    """Raises NoFigure."""
    section = _section(text, "bench-engine-gpu")
    name = _found(section, CARD, "the card's name")
    tokens = float(_found(section, ASKED_TOKENS, "the tokens of an answer"))
    cards = tuple(_card(section, name, tokens, level) for level in LEVELS)
    desk = _section(text, "bench-desk")
    return Figures(
        cards,
        gateway=_cell(desk, ("/api/chat, SQLite, 20 ms a token", "256"), 2),
        sqlite=_cell(desk, ("/api/chat, SQLite", "256"), 2),
        postgresql=_cell(desk, ("/api/chat, PostgreSQL", "256"), 2),
        text=_cell(text, ("text: whole answer",), 1),
        picture=_cell(text, ("screenshot 1366×768, new",), 1),
    )


def _card(section: str, name: str, tokens: float, level: int) -> Card:
    words = ("words alone", str(level), "through the gateway")
    screenshot = ("a screenshot", str(level), "through the gateway")
    return Card(
        name,
        level,
        _cell(section, words, 3) / tokens,
        _cell(section, screenshot, 3) / tokens,
        _cell(section, screenshot, 6),
    )


def _section(text: str, name: str) -> str:
    """Between the marks that the benchmark writes."""
    _, begins, rest = text.partition(f"<!-- {name} -->")
    section, ends, _ = rest.partition(f"<!-- /{name} -->")
    if not (begins and ends):
        raise NoFigure(f"the section {name}")
    return section.strip()


def _found(text: str, pattern: re.Pattern[str], what: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise NoFigure(what)
    return match[1].strip()


def _cell(text: str, first: tuple[str, ...], column: int) -> float:
    """The number in this column of the table's row that begins with `first`."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if tuple(cells[: len(first)]) == first and len(cells) > column:
            return float(_found(cells[column], FIGURE, line).replace(",", ""))
    raise NoFigure(" | ".join(first))


def report(load: Load, figures: Figures) -> list[str]:
    """Lines for a person."""
    lines = [
        f"{load.users} people in the busiest hour, {load.questions:g} questions each, "
        f"{load.pictures:.0%} with a screenshot: {load.rate:.2f} questions a second.",
        "",
        *_with_a_card(load, figures),
        "",
        *_without_a_card(load, figures),
        "",
        *_around_it(load, figures),
        "",
        f"Planned with {SHARE:.0%} of what was measured. Not measured: other cards, ENGINE=cpu,",
        "prompts with clauses on a card, several readers. docs/capacity.md says what to add next.",
    ]
    return [line.rstrip() for line in lines]


def _with_a_card(load: Load, figures: Figures) -> list[str]:
    fitting = [card for card in figures.cards if card.seconds <= load.wait]
    if not fitting:
        least = figures.cards[0].seconds
        return [
            f"ENGINE=gpu: no load was answered within {load.wait:g} s; alone it took {least} s."
        ]
    card = fitting[-1]
    carried = card.answers(load.pictures)
    return [
        f"ENGINE=gpu, {card.name}, 8B in FP8 (one run), {card.at_once} at once:",
        f"  carries {carried:.1f} answers a second, a screenshot's in {card.seconds} s on average",
        f"  {_need(load.rate, carried, 'card', 'cards')}",
    ]


def _without_a_card(load: Load, figures: Figures) -> list[str]:
    """One question after another; how many at once it carries was not measured."""
    carried = 1 / ((1 - load.pictures) * figures.text + load.pictures * figures.picture)
    need = _need(load.rate, carried, "machine", "machines")
    more = "" if need.startswith("1 ") else ": one desk has one lite, so this load needs a card"
    return [
        "ENGINE=lite, 2 cores, one after another:",
        f"  carries {carried:.1f} answers a second, a new screenshot's in {figures.picture} s",
        f"  {need}{more}",
    ]


def _around_it(load: Load, figures: Figures) -> list[str]:
    reading = load.rate * load.pictures
    return [
        f"Gateway: carries {figures.gateway:g} answers a second on one core, 20 ms a token",
        f"  {_need(load.rate, figures.gateway, 'gateway', 'gateways')}",
        f"Database: SQLite stored {figures.sqlite:g} answers a second, PostgreSQL "
        f"{figures.postgresql:g}; the gateway's core was full",
        f"  {_need(load.rate, figures.postgresql, 'database', 'databases')}",
        f"Reader beside a card: {1 / figures.picture:.1f} new screenshots a second, one after another",
        f"  {reading:.2f} come; where fields are late an answer goes on after READER_TIMEOUT (0.3 s)",
    ]


def _need(rate: float, carried: float, one: str, several: str) -> str:
    number = max(1, math.ceil(rate / (SHARE * carried)))
    used = rate / (number * carried)
    told = f"{used:.0%}" if used >= 0.01 else "less than 1%"
    return f"{number} {one if number == 1 else several}, used to {told}"


def read_load(environ: Mapping[str, str]) -> Load:
    """Raises ValueError with one line."""
    return Load(
        int(_number(environ, "USERS", None, 1, 10_000_000)),
        _number(environ, "PICTURES", None, 0, 100) / 100,
        _number(environ, "QUESTIONS", 3, 0.01, 1000),
        _number(environ, "WAIT", 3, 0.1, 600),
    )


def _number(
    environ: Mapping[str, str], name: str, default: float | None, least: float, most: float
) -> float:
    text = environ.get(name, "") or ("" if default is None else str(default))
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ValueError(f"{name}={text}: expected a number from {least:,} to {most:,}")
    return value


def main() -> int:
    try:
        load = read_load(os.environ)
        lines = report(load, read_figures(PERFORMANCE.read_text("utf-8")))
    except ValueError as wrong:
        example = "make capacity USERS=200 PICTURES=40"
        print(f"make capacity: {wrong}. Example: {example}", file=sys.stderr)
        return 2
    except NoFigure as missing:
        print(f"make capacity: docs/performance.md does not have: {missing}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
