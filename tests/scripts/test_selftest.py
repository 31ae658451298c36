"""The self-test of a running desk: what is green, each line red once, and nothing left behind."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from scripts import selftest, upgrade_check
from scripts.desk_client import DeskClient
from scripts.findings import Finding
from scripts.selftest import SelfTest
from tests.support.business import CONNECTORS, TOKEN, connector_settings
from tests.support.nginx import Front, running_front
from tests.support.paths import ROOT
from tests.support.servers import Running, free_port, running, wait_until

USER, PASSWORD = "agent", "desk"
NOBODY = f"http://127.0.0.1:{free_port()}"


@dataclass(frozen=True, slots=True)
class Desk:
    front: Front
    business: Running
    connectors: Path


def settings(lite: Running, **more: str) -> dict[str, str]:
    return {
        "ENGINE": "lite",
        "ENGINE_URLS": lite.url,
        "READER_URL": lite.url,
        "EMBEDDING_URL": "",
        "FALLBACK_ENGINE_URL": lite.url,
        "STAFF_USERS": USER,
        **more,
    }


@pytest.fixture(scope="module")
def desk(lite: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that works, with the example business."""
    folder = tmp_path_factory.mktemp("desk")
    connectors = folder / "connectors"
    shutil.copytree(CONNECTORS, connectors)
    business_settings = {"BUSINESS_TOKEN": TOKEN, "DATA_DIR": str(folder / "business")}
    with running("examples.business", business_settings) as business:
        systems = {**connector_settings(business.url), "CONNECTORS_DIR": str(connectors)}
        with running_front(folder / "nginx", {}, **settings(lite, **systems)) as front:
            yield Desk(front, business, connectors)


@pytest.fixture(scope="module")
def ill(lite: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A desk whose engine and reader are gone, and whose limit is soon reached."""
    faults = {"ENGINE_URLS": NOBODY, "READER_URL": "", "RATE_LIMIT_API": "4/hour"}
    with running_front(tmp_path_factory.mktemp("ill"), {}, **settings(lite, **faults)) as front:
        yield front


@pytest.fixture(scope="module")
def strange(lite: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A desk without clauses, whose user is no staff, and that takes small pictures alone."""
    folder = tmp_path_factory.mktemp("strange")
    knowledge = folder / "knowledge"
    knowledge.mkdir()
    shutil.copy(ROOT / "knowledge" / "questions.toml", knowledge)
    faults = {
        "KNOWLEDGE_DIR": str(knowledge),
        "STAFF_USERS": "another",
        "IMAGE_MAX_BYTES": "2000",
    }
    with running_front(folder / "nginx", {}, **settings(lite, **faults)) as front:
        yield front


def client(front: Front, password: str = PASSWORD) -> DeskClient:
    return DeskClient(front.url, USER, password)


def red_lines(found: list[Finding]) -> list[str]:
    return [one.text.removeprefix("self-test, ") for one in found if one.is_red]


def test_a_desk_that_works_is_green_and_nothing_stays(desk: Desk) -> None:
    found = selftest.run(desk.front.url, USER, PASSWORD)
    assert red_lines(found) == []
    assert [one.text.split(":")[0] for one in found] == [
        f"self-test, {part}"
        for part in ("sign-in", "text", "picture", "tool", "hand-over", "removal")
    ]
    assert "SF1402857369214" in found[2].text
    for kind in ("conversations", "handoffs"):
        told = requests.get(
            f"{desk.front.url}/api/desk/{kind}", auth=(USER, PASSWORD), timeout=10
        ).json()
        assert told["data"] == []
    assert not list((desk.front.folder / "files").rglob("*.png"))


def test_a_wrong_password_and_a_desk_that_is_not_there_are_red(desk: Desk) -> None:
    (line,) = SelfTest(client(desk.front, "wrong")).lines()
    assert line.is_red
    assert "401 invalid_api_key" in line.text
    assert "BASIC_AUTH_PASSWORD" in line.remedy
    (line,) = selftest.run(NOBODY, USER, PASSWORD)
    assert line.is_red
    assert "no response" in line.text
    assert "make up" in line.remedy


def test_another_number_than_that_of_the_picture_is_red(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selftest, "WAYBILL", "SF0000000000000")
    test = SelfTest(client(desk.front))
    line = test.picture()
    assert test.remove().good
    assert line.is_red
    assert "read SF1402857369214" in line.text
    assert "make logs REQUEST=" in line.remedy


def test_a_system_that_is_not_asked_and_a_wrong_file_are_red(desk: Desk, tmp_path: Path) -> None:
    case = '[[case]]\nname = "x"\nturns = [{say = "谢谢", expect = {tool = "order_status", action = "none"}}]'
    (tmp_path / "test-x.toml").write_text(case)
    wrong = desk.connectors / "wrong.yaml"
    wrong.write_text("title: [")
    test = SelfTest(client(desk.front), evals=tmp_path)
    found: list[str] = []

    def told() -> bool:
        found[:] = red_lines(list(test.tools()))
        return any("wrong.yaml" in line for line in found)

    try:
        wait_until(told, 20)
    finally:
        wrong.unlink()
        assert test.remove().good
    assert found[-1] == "tool: order_status was not called"


def test_a_desk_without_a_case_for_its_systems_has_a_note(desk: Desk, tmp_path: Path) -> None:
    line = list(SelfTest(client(desk.front), evals=tmp_path).tools())[-1]
    assert not line.is_red
    assert "no case of evals/" in line.text


def test_an_engine_and_a_reader_that_are_gone_are_red_and_a_limit_too(ill: Front) -> None:
    test = SelfTest(client(ill), reading_seconds=1)
    lines = red_lines(list(test.lines()))
    assert lines[0] == "text: the engine does not answer; the fallback did"
    assert lines[1] == "picture: not read within 1 s"
    assert lines[2].startswith("hand-over: 429 rate_limit_exceeded")
    assert lines[3].startswith("removal: /api/conversations/")
    assert "429 rate_limit_exceeded" in lines[3]
    for _ in range(5):  # staff are counted apart, by their name
        tools = red_lines(list(test.tools()))
    assert tools[0].startswith("tool: 429 rate_limit_exceeded")


def test_a_desk_without_clauses_staff_or_room_for_the_picture_is_red(strange: Front) -> None:
    found = list(SelfTest(client(strange)).lines())
    lines = red_lines(found)
    assert "finds no clause" in lines[0]
    assert lines[1].startswith("picture: upload: 413 image_too_large")
    assert lines[2].startswith("tool: 403 staff_only")
    assert lines[3].startswith("hand-over: staff do not see it: 403 staff_only")
    assert {one.remedy for one in found if "staff_only" in one.text} == {selftest.STAFF}
    assert found[-1].good


def upgrade_settings(front: Front, password: str = PASSWORD) -> dict[str, str]:
    """As .env has them."""
    port = front.url.rpartition(":")[2]
    return {"HTTP_PORT": port, "BASIC_AUTH_USER": USER, "BASIC_AUTH_PASSWORD": password}


def test_an_upgrade_of_a_desk_that_answers_is_good_and_leaves_nothing(desk: Desk) -> None:
    settings = upgrade_settings(desk.front)
    assert upgrade_check.red_parts(settings) == {}
    assert upgrade_check.newly_red(settings, {}) == ""
    url = f"{desk.front.url}/api/desk/conversations"
    assert requests.get(url, auth=(USER, PASSWORD), timeout=10).json()["data"] == []


def test_an_upgrade_that_leaves_a_desk_without_clauses_is_bad_unless_it_was_so_before(
    strange: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade_check, "SECONDS", 0.0)
    settings = upgrade_settings(strange)
    before = upgrade_check.red_parts(settings)
    assert set(before) == {"self-test, text", "self-test, picture"}
    told = upgrade_check.newly_red(settings, {})
    assert "finds no clause" in told
    assert "image_too_large" in told
    assert upgrade_check.newly_red(settings, before) == ""
    shut_out = upgrade_settings(strange, "wrong")
    assert "401 invalid_api_key" in upgrade_check.newly_red(shut_out, before)


def test_nothing_to_hand_over_is_red(ill: Front) -> None:
    assert SelfTest(client(ill)).hand_over().is_red


def test_a_question_of_the_evals_is_a_read_without_a_picture() -> None:
    question, name = selftest.tool_question(ROOT / "evals", {"order_status"}) or ("", "")
    assert name == "order_status"
    assert "QH" in question
    assert selftest.tool_question(ROOT / "evals", {"cancel_order"}) is None


def test_a_business_that_is_gone_is_red(desk: Desk) -> None:
    """The last one: the business of this file ends here."""
    desk.business.process.terminate()
    desk.business.process.wait(20)
    test = SelfTest(client(desk.front))
    lines = red_lines(list(test.tools()))
    assert test.remove().good
    assert any(line.startswith("tool: track_parcel:") for line in lines)
    assert lines[-1] == "tool: track_parcel failed"
