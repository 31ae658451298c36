"""Parts of an answer survive the way through Redis, and a reader gets what it lacks."""

import pytest

from gateway.chat.shared_answers.form import Head, Part
from gateway.errors import GatewayError, InternalError, QueueFull, StoreUnavailable, error_of

HEAD = Head("gateway-1", "user:Ænne", "conversation-1")
EVENTS = (b"data: 1\n\n", b"data: \xe4\xbd\xa0\r\n\r\n", b"data: 3\n\n")


def as_read(part: Part) -> dict[bytes, bytes]:
    return {
        name.encode(): value.encode() if isinstance(value, str) else value
        for name, value in part.fields(HEAD).items()
    }


@pytest.mark.parametrize(
    "part",
    [
        Part(0, ()),
        Part(7, EVENTS),
        Part(7, EVENTS, cut=9, is_last=True),
        Part(0, EVENTS, cut=0),
        Part(3, (b"",), is_last=True),
    ],
)
def test_a_part_is_read_as_it_was_written(part: Part) -> None:
    assert Part.of(as_read(part)) == part
    assert Head.of(as_read(part)) == HEAD


def test_an_error_is_read_as_it_was_made() -> None:
    made = QueueFull("Full (limit 5).", retry_after=2.5, details={"limit": 5})
    read = Part.of(as_read(Part(0, (), is_last=True, error=made))).error
    assert isinstance(read, QueueFull)
    assert (read.body(), read.retry_seconds) == (made.body(), 3)


def test_every_code_has_the_status_that_it_had() -> None:
    left = [GatewayError]
    while left:
        one = left.pop()
        left += one.__subclasses__()
        if "code" in vars(one):  # the others are never raised
            assert error_of(one("Told.").body()).status == one.status


def test_an_error_of_a_newer_gateway_is_internal() -> None:
    body = StoreUnavailable("Told.", retry_after=1).body()
    body["error"]["code"] = "made_later"
    assert type(error_of(body)) is InternalError


@pytest.mark.parametrize(
    ("number", "cut", "got"),
    [
        (5, None, EVENTS),  # everything
        (6, None, EVENTS[1:]),
        (8, None, ()),  # sent twice
        (9, 6, EVENTS[1:]),  # has more than the claim left: the end still comes
        (5, 6, EVENTS),
    ],
)
def test_a_reader_gets_what_it_lacks(number: int, cut: int | None, got: tuple[bytes, ...]) -> None:
    assert Part(5, EVENTS, cut).events_from(number) == got
