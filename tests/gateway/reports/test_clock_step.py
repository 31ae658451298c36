"""A wall clock that somebody sets is noticed, and makes nothing old."""

import time

import pytest

from gateway.reports import clock_step
from gateway.reports.clock_step import ClockStep
from gateway.storage.steady_time import SteadyTime


def test_a_step_is_shown_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, wall, steady = ClockStep(), time.time, time.monotonic
    assert clock.seconds() == 0
    monkeypatch.setattr(time, "time", lambda: wall() + 2)
    assert clock.seconds() == 0  # as a time server does it
    monkeypatch.setattr(time, "time", lambda: wall() - 7200)
    assert abs(clock.seconds() + 7200) < 1
    later = clock_step.SHOWN_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: steady() + later)
    monkeypatch.setattr(time, "time", lambda: wall() + later - 7200)
    assert abs(clock.seconds() + 7200) < 1
    assert clock.seconds() == 0


def test_a_clock_that_is_put_right_again_is_shown_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, wall = ClockStep(), time.time
    monkeypatch.setattr(time, "time", lambda: wall() + 86_400)
    assert abs(clock.seconds() - 86_400) < 1
    monkeypatch.setattr(time, "time", wall)
    assert clock.seconds() == 0


def test_what_is_removed_goes_by_a_clock_that_does_not_jump_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, wall = SteadyTime(), time.time
    monkeypatch.setattr(time, "time", lambda: wall() + 400 * 86_400)
    assert abs(clock.now() - wall()) < 1
    monkeypatch.setattr(time, "time", lambda: wall() - 60)
    assert abs(clock.now() - wall() + 60) < 1
