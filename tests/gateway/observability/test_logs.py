"""The project's log record has the same content as one of the logging module."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.observability.logs import Record, moment


@pytest.mark.parametrize(
    ("words", "args"),
    [
        ("plain 100%", ()),
        ("%s of %d", ("one", 2)),
        ("%(name)s", ({"name": "desk"},)),
        ("%s and %s", ({"name": "desk"}, 1)),
        ("%s", ({},)),
    ],
)
def test_a_record_says_what_loggings_own_says(words: str, args: Any) -> None:
    own = logging.LogRecord("x", logging.INFO, "", 0, words, args, None)
    assert Record("x", logging.INFO, "", 0, words, args, None).getMessage() == own.getMessage()


@pytest.mark.parametrize("seconds", [0.0, 1_764_240_000.25, 1_764_239_999.875])
def test_a_moment_is_iso_8601_in_utc(seconds: float) -> None:
    assert moment(seconds) == datetime.fromtimestamp(seconds, UTC).isoformat(
        timespec="milliseconds"
    )
