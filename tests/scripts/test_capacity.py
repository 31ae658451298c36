"""make capacity: its figures are those of docs/performance.md, and nothing else."""

import os
import re
import subprocess
from dataclasses import replace

import pytest

from scripts.capacity import Card, Figures, Load, NoFigure, read_figures, report
from tests.support.paths import ROOT

PERFORMANCE = (ROOT / "docs" / "performance.md").read_text("utf-8")
CAPACITY = (ROOT / "docs" / "capacity.md").read_text("utf-8")
CARD = Card("a card", 16, words=20.0, screenshots=5.0, seconds=2.5)
FIGURES = Figures(
    (replace(CARD, at_once=1, words=2.0, screenshots=1.0, seconds=0.8), CARD),
    gateway=100.0, sqlite=400.0, postgresql=400.0, text=0.01, picture=0.5,
)  # fmt: skip


def make(*settings: str) -> "subprocess.CompletedProcess[str]":
    # Under `make test`, make would take itself for a part of that one and word its errors so.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-s", "capacity", *settings]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)


@pytest.mark.parametrize(
    "settings", re.findall(r"^make capacity (.+)$", CAPACITY, re.M), ids=lambda text: str(text)
)
def test_the_document_shows_what_the_command_prints(settings: str) -> None:
    ran = make(*settings.split())
    assert ran.returncode == 0, ran.stderr
    assert f"make capacity {settings}\n```\n\n```\n{ran.stdout}```\n" in CAPACITY


def test_the_figures_are_read_from_the_measured_tables() -> None:
    figures = read_figures(PERFORMANCE)
    assert [card.at_once for card in figures.cards] == [1, 3, 16, 64]
    for card in figures.cards:
        for kind, rate in (("words alone", card.words), ("a screenshot", card.screenshots)):
            row = f"| {kind} | {card.at_once} | through the gateway | {rate * 128:.0f} |"
            assert row in PERFORMANCE
    assert f"| text: whole answer | {figures.text} |" in PERFORMANCE
    assert f"| screenshot 1366×768, new | {figures.picture} |" in PERFORMANCE
    assert f"| /api/chat, PostgreSQL | 256 | {figures.postgresql:g} |" in PERFORMANCE


def test_a_new_measurement_changes_the_answer() -> None:
    row = re.search(r"\| a screenshot \| 16 \| through the gateway \| (\d+) \|", PERFORMANCE)
    assert row is not None
    half = PERFORMANCE.replace(row[0], row[0].replace(row[1], str(int(row[1]) // 2)))
    before, after = read_figures(PERFORMANCE), read_figures(half)
    assert after.cards[2].answers(1.0) == pytest.approx(before.cards[2].answers(1.0) / 2, rel=0.01)


def test_a_figure_that_is_gone_is_named() -> None:
    with pytest.raises(NoFigure, match=r"a screenshot \| 16"):
        read_figures(PERFORMANCE.replace("| a screenshot | 16 |", "| a picture | 16 |"))


def test_a_mix_shares_the_cards_time() -> None:
    assert CARD.answers(0) == pytest.approx(20)
    assert CARD.answers(1) == pytest.approx(5)
    assert CARD.answers(0.5) == pytest.approx(8)  # 1 / (0.5 / 20 + 0.5 / 5)


def test_half_of_what_was_measured_is_planned_with() -> None:
    # 14,400 people, one question each: 4 a second; 8 measured, so 4 a card.
    told = "\n".join(report(Load(14_400, 0.5, questions=1), FIGURES))
    assert "4.00 questions a second" in told
    assert "1 card, used to 50%" in told
    told = "\n".join(report(Load(15_000, 0.5, questions=1), FIGURES))
    assert "2 cards, used to 26%" in told


def test_a_shorter_wait_takes_fewer_at_once_and_more_cards() -> None:
    told = "\n".join(report(Load(14_400, 0.5, questions=1, wait=1.0), FIGURES))
    assert "1 at once" in told
    assert "6 cards" in told  # 1 / (0.5 / 2 + 0.5 / 1) = 1.33 a card
    told = "\n".join(report(Load(14_400, 0.5, wait=0.5), FIGURES))
    assert "no load was answered within 0.5 s; alone it took 0.8 s" in told


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ((), "USERS="),
        (("USERS=0", "PICTURES=1"), "USERS=0"),
        (("USERS=10",), "PICTURES="),
        (("USERS=10", "PICTURES=101"), "PICTURES=101: expected a number from 0 to 100"),
        (("USERS=10", "PICTURES=nan"), "PICTURES=nan"),
        (("USERS=10", "PICTURES=1", "WAIT=soon"), "WAIT=soon"),
    ],
)
def test_a_wrong_value_is_one_line(settings: tuple[str, ...], named: str) -> None:
    ran = make(*settings)
    lines = [line for line in ran.stderr.splitlines() if not line.startswith("make: ***")]
    assert ran.returncode != 0
    assert len(lines) == 1
    assert named in lines[0]
