"""Every line has the same form, whoever logs it."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import structlog

from gateway.observability import logs


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("logging_restored")
def test_our_lines_and_those_of_libraries_have_the_same_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", "json")
    structlog.get_logger().info("request", status=200, model=None)
    logging.getLogger("uvicorn.error").warning("%s of %d", "one", 2, extra={"color_message": "x"})
    logging.getLogger("some.library").warning("told", extra={"path": "p"})
    ours, uvicorn, library = lines(capsys)
    assert list(ours) == ["time", "level", "event", "status", "model"]
    assert (ours["level"], ours["event"]) == ("info", "request")
    written = datetime.fromisoformat(ours["time"])
    assert ours["time"].endswith("+00:00")
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)
    assert list(uvicorn) == ["time", "level", "event"]
    assert uvicorn["event"] == "one of 2"
    assert (library["level"], library["event"], library["path"]) == ("warning", "told", "p")


@pytest.mark.usefixtures("logging_restored")
def test_an_exception_is_a_field_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    try:
        raise ValueError("broken")
    except ValueError as error:
        structlog.get_logger().exception("unexpected", request_id="r")
        logging.getLogger("library").error("failed", exc_info=error)
    for line in lines(capsys):
        assert line["level"] == "error"
        assert "ValueError: broken" in line["exception"]


@pytest.mark.usefixtures("logging_restored")
def test_what_is_below_the_level_and_what_repeats_our_lines_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("warning", "json")
    structlog.get_logger().info("request")
    logging.getLogger("library").info("chatter")
    logs.configure("info", "json")
    logging.getLogger("httpx").info("GET http://engine/v1/models")
    assert lines(capsys) == []


@pytest.mark.usefixtures("logging_restored")
def test_a_line_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "text")
    structlog.get_logger().warning("keys_file_unreadable", path="keys", reason="no \ud800")
    head, _, fields = capsys.readouterr().out.rstrip("\n").partition(" warning ")
    assert datetime.fromisoformat(head)
    assert fields == r"keys_file_unreadable path=keys reason=no \ud800"


@pytest.mark.parametrize("value", ["\ud800", 2**70])
def test_what_orjson_refuses_is_written_all_the_same(value: object) -> None:
    assert json.loads(logs.as_json(None, "info", {"value": value})) == {"value": value}


def test_a_stdout_that_is_closed_fails_no_request() -> None:
    stdout = BytesIO()
    logger = logs.StdoutLogger(stdout)
    logger.info(b"one\n")
    assert stdout.getvalue() == b"one\n"
    stdout.close()
    logger.info(b"two\n")
