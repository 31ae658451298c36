"""Gateways that are killed at every step: each action happens once at most, and each confirmed one
ends. `make bench-actions` does the same 700 times."""

from pathlib import Path

import pytest

from tests.support.action_runs import FAULTS, Counts, PostgresCopies, SQLiteCopies, all_runs
from tests.support.postgres import Postgres


def check(counts: Counts) -> None:
    print(counts)
    assert counts.problems == []
    assert counts.most_effects == 1
    assert [fault for fault in FAULTS if not counts.killed[fault]] == []


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_a_kill_at_any_point_on_sqlite_repeats_and_loses_nothing(tmp_path: Path) -> None:
    check(all_runs(range(2 * len(FAULTS)), SQLiteCopies(tmp_path), tmp_path, at_once=4))


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_a_kill_at_any_point_on_postgresql_repeats_and_loses_nothing(
    postgres: Postgres, tmp_path: Path
) -> None:
    check(all_runs(range(len(FAULTS)), PostgresCopies(postgres), tmp_path, at_once=4))
