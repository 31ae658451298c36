"""Gateways that are killed at every step: each action happens once at most, each confirmed one
ends, and each event reaches its subscriber under one id. `make bench-actions` does the same 700
times."""

from pathlib import Path

import pytest

from tests.support.action_runs import FAULTS, PostgresCopies, SQLiteCopies, all_runs
from tests.support.postgres import Postgres

ROUND = len(FAULTS)
REPEATS = 2


def check(databases: SQLiteCopies | PostgresCopies, folder: Path, rounds: int) -> None:
    """On a busy machine a gateway may be too late for its point: such a run is repeated."""
    counts = all_runs(range(rounds * ROUND), databases, folder, at_once=4)
    for repeat in range(1, REPEATS + 1):
        # In even rounds both gateways have the point.
        first = 2 * repeat * ROUND
        missed = [first + place for place, one in enumerate(FAULTS) if not counts.killed[one]]
        if not missed:
            break
        counts.add(all_runs(missed, databases, folder, at_once=4))
    print(counts)
    assert counts.problems == []
    assert counts.most_effects == 1
    assert [fault for fault in FAULTS if not counts.killed[fault]] == []


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_a_kill_at_any_point_on_sqlite_repeats_and_loses_nothing(tmp_path: Path) -> None:
    check(SQLiteCopies(tmp_path), tmp_path, rounds=2)


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_a_kill_at_any_point_on_postgresql_repeats_and_loses_nothing(
    postgres: Postgres, tmp_path: Path
) -> None:
    check(PostgresCopies(postgres), tmp_path, rounds=1)
