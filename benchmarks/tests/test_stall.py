"""The table of `make bench-stall` is renewed class by class."""

from benchmarks.stall.attack import Attack, Outcome
from benchmarks.stall.table import Row, merged
from benchmarks.stall.victim import Round


async def nothing(*_: object) -> None:
    pass


def test_rows_that_were_not_measured_now_are_kept_in_their_place() -> None:
    first, second, third = (Attack(kind, "(a|aa)+d", nothing) for kind in ("text", "file", "share"))
    old = "| text | (a\\|aa)+d | as before | held |\n| file | (a\\|aa)+d | as before | held |"
    row = Row(second, Outcome(), Round(), 0, 0, 0, 0.0)
    lines = merged([first, second, third], [row], old)
    assert lines[0] == "| text | (a\\|aa)+d | as before | held |"
    assert lines[1].startswith("| file | (a\\|aa)+d | – |")
    assert len(lines) == 2
