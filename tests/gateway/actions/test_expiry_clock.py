"""The clock by which proposals expire."""

import time

import pytest

from gateway.actions.expiry_clock import ExpiryClock


def test_it_follows_a_wall_clock_that_goes_forward_and_not_one_that_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, real = ExpiryClock(), time.time
    first = clock.now()
    assert abs(first - 1000 * real()) < 1000
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    ahead = clock.now()
    assert ahead - first >= 3_600_000 - 10
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert clock.now() >= ahead
