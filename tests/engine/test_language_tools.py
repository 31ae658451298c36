"""A real small language model with the company's systems: its calls are checked, a write is only
proposed, and what must be true is worded by the gateway."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.engine.test_language import Desk, heard, model  # noqa: F401
from tests.support import language
from tests.support.company import CANCEL, TRACK
from tests.support.listening import Listening
from tests.support.servers import Running, running, running_gateway, wait_for

pytestmark = pytest.mark.skipif(
    not language.FOLDER.exists(), reason="scripts/language-model could not make the model"
)
WAYBILL, ORDER = "SF1402857369214", "QH202611090078126"


@pytest.fixture(scope="module")
def company() -> Iterator[Running]:
    with running("tests.support.company", {}) as system:
        yield system


@pytest.fixture(scope="module")
def desk(
    heard: Listening,  # noqa: F811
    lite: Running,
    company: Running,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("connectors")
    (folder / "track_parcel.yaml").write_text(TRACK, "utf-8")
    (folder / "cancel_order.yaml").write_text(CANCEL, "utf-8")
    settings = {
        "ENGINE": "cpu",
        "READER_URL": lite.url,
        "FALLBACK_ENGINE_URL": lite.url,
        "ENGINE_SEES": "false",
        "CONNECTORS_DIR": str(folder),
        "CONNECTOR_COMPANY_URL": company.url,
        "CONNECTOR_COMPANY_TOKEN": "secret",
        "STAFF_ANONYMOUS": "true",
    }
    with running_gateway(heard.url, tmp_path_factory.mktemp("data"), **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield Desk(gateway.url, heard)


def state(company: Running) -> dict[str, Any]:
    told: dict[str, Any] = requests.get(company.url + "/state", timeout=5).json()
    return told


@pytest.mark.parametrize("question", [f"Where is my parcel {WAYBILL}?", f"查一下快递 {WAYBILL}"])
def test_it_asks_the_system_with_the_number_that_was_said(
    desk: Desk, company: Running, question: str
) -> None:
    told = desk.ask(question)
    assert [one["status"] for one in told.extras["tools"]] == ["done"], told.text
    assert state(company)["asked"][-1]["waybill"] == WAYBILL
    assert told.extras["outcome"] == "answered", told.text


def test_it_makes_up_no_number(desk: Desk, company: Running) -> None:
    before = len(state(company)["asked"])
    told = desk.ask("Where is my parcel?")
    assert len(state(company)["asked"]) == before
    assert told.extras["outcome"] in ("clarify", "answered", "no_clause"), told.text


@pytest.mark.parametrize("question", [f"Cancel my order {ORDER}.", f"帮我取消订单 {ORDER}"])
def test_a_write_is_proposed_and_not_said_to_be_done(
    desk: Desk, company: Running, question: str
) -> None:
    told = desk.ask(question)
    assert state(company)["cancelled"] == {}
    (action,) = told.extras["actions"]
    assert action["arguments"] == {"order": ORDER}
    assert "confirm" in told.text or "确认" in told.text


def test_a_system_that_does_not_know_ends_in_an_honest_sentence(desk: Desk) -> None:
    told = desk.ask("Where is my parcel SF1402857369404?")
    assert "did not work" in told.text
    assert told.extras["outcome"] == "handoff"
