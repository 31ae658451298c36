"""ENGINE_SESSION_HEADER: a router before the engines hears which requests are one conversation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.servers import Running, running_gateway, wait_for

KEY = {"authorization": "Bearer sk-shop"}
Turns = list[tuple[str, str]]


@pytest.fixture(scope="module")
def gateway(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(
        engine.url,
        tmp_path_factory.mktemp("data"),
        ENGINE="cpu",
        READER_URL="",
        API_KEYS="shop:sk-shop",
        ENGINE_SESSION_HEADER="X-Session-Id",
    ) as started:
        wait_for(started.url + "/readyz")
        yield started


def told(gateway: Running, engine: Running, model: str, turns: Turns, session: str = "") -> str:
    """The header that the engine got."""
    messages = [{"role": role, "content": text} for role, text in turns]
    named = {"x-session-id": session} if session else {}
    requests.post(
        f"{gateway.url}/v1/chat/completions",
        json={"model": model, "messages": messages},
        headers=KEY | named,
        timeout=30,
    ).raise_for_status()
    headers = requests.get(engine.url + "/state", timeout=5).json()["headers"]
    return str(headers.get("x-session-id", ""))


@pytest.mark.parametrize("model", ["sightdesk", "fake-vl"])
def test_the_turns_of_a_conversation_are_one_session(
    gateway: Running, engine: Running, model: str
) -> None:
    first: Turns = [("user", "my parcel")]
    later: Turns = [*first, ("assistant", "one"), ("user", "and now")]
    session = told(gateway, engine, model, first)
    assert session
    assert "parcel" not in session
    assert told(gateway, engine, model, later) == session
    assert told(gateway, engine, model, [("user", "an invoice")]) != session


def test_a_session_that_the_client_names_goes_out_as_a_pseudonym(
    gateway: Running, engine: Running
) -> None:
    named = told(gateway, engine, "fake-vl", [("user", "a")], "138-0000-1111")
    assert "138" not in named
    assert told(gateway, engine, "fake-vl", [("user", "b")], "138-0000-1111") == named


def test_without_the_setting_engines_hear_nothing(engine: Running, tmp_path: Path) -> None:
    more = {"ENGINE": "cpu", "READER_URL": "", "API_KEYS": "shop:sk-shop"}
    with running_gateway(engine.url, tmp_path, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        assert told(gateway, engine, "fake-vl", [("user", "a")], "session-1") == ""
