"""The assistant before the embedded engine: outcomes, corrections, the company's voice, staff."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.paths import ROOT
from tests.support.screens import picture_message, screen
from tests.support.servers import Running, running_gateway, running_lite, wait_for, wait_until

KEYS = (
    '{"keys": [{"name": "anna", "role": "staff", "sha256": "%s"}, {"name": "bot", "sha256": "%s"}]}'
)
PERSONA = """
accent = "#1a7f5a"
name = {zh = "小云", en = "Yun"}
company = "云杉优品"
refusal = {zh = "这个我帮不上，请致电 400-820-1234。"}
[[starters]]
text = {zh = "怎么退货？", en = "How do I return an item?"}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("knowledge") / "knowledge"
    shutil.copytree(ROOT / "knowledge", made)
    (made / "assistant.toml").write_text(PERSONA, "utf-8")
    return made


@pytest.fixture(scope="module")
def lite() -> Iterator[Running]:
    with running_lite() as lite:
        yield lite


@pytest.fixture(scope="module")
def desk(
    lite: Running, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("data")
    keys = data / "keys.json"
    keys.write_text(KEYS % (sha256("sk-anna1"), sha256("sk-bot11")))
    with running_gateway(
        lite.url,
        data,
        KNOWLEDGE_DIR=str(folder),
        API_KEYS_FILE=str(keys),
        STAFF_ANONYMOUS="1",
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def visitor(desk: Running) -> requests.Session:
    session = requests.Session()
    session.get(desk.url + "/api/config", timeout=5)
    return session


def ask(session: requests.Session, desk: Running, content: Any, **more: Any) -> dict[str, Any]:
    body = {"messages": [{"role": "user", "content": content}], "stream": False, **more}
    answer = session.post(desk.url + "/api/chat", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def text_of(told: dict[str, Any]) -> str:
    return str(told["choices"][0]["message"]["content"])


def test_an_angry_wish_for_a_person_is_met_with_an_apology(desk: Running) -> None:
    me = visitor(desk)
    assert "抱歉" in text_of(ask(me, desk, "垃圾平台，给我转人工"))
    assert "抱歉" not in text_of(ask(me, desk, "给我转人工"))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("谢谢", "smalltalk"),
        ("你好", "smalltalk"),
        ("who are you?", "smalltalk"),
        ("给我转人工", "handoff"),
        ("退货流程是什么？", "answered"),
        ("怎样给仙人掌配一首钢琴协奏曲", "no_clause"),
    ],
)
def test_an_answer_says_what_came_of_the_question(desk: Running, said: str, outcome: str) -> None:
    me = visitor(desk)
    told = ask(me, desk, said)
    extras = told["sightdesk"]
    assert extras["outcome"] == outcome
    assert bool(extras["citations"]) == (outcome == "answered")
    assert extras["grounding"] == {"supported": True, "unsupported": []}
    counted = requests.get(desk.url + "/metrics", timeout=5).text
    assert f'sightdesk_outcomes_total{{outcome="{outcome}"}}' in counted
    history = me.get(
        f"{desk.url}/api/conversations/{extras['conversation']['id']}", timeout=5
    ).json()
    assert history["messages"][1]["outcome"] == outcome


def test_a_stream_on_v1_has_extras_for_those_who_ask_and_never_the_engines_own_key(
    desk: Running,
) -> None:
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": "退货流程是什么？"}],
        "stream": True,
    }
    for headers, has_extras in (({"x-sightdesk-extras": "1"}, True), ({}, False)):
        told = requests.post(
            desk.url + "/v1/chat/completions",
            json=body,
            headers={"authorization": "Bearer sk-bot11", **headers},
            timeout=30,
        )
        events = [
            json.loads(one[6:]) for one in told.content.split(b"\n\n") if one.startswith(b"data: {")
        ]
        extras = [one["sightdesk"] for one in events if "sightdesk" in one]
        assert all(not one["choices"] for one in events if "sightdesk" in one)
        if has_extras:
            assert [*extras[-3], *extras[-2], *extras[-1]] == ["citations", "grounding", "outcome"]
        else:
            assert extras == []


def test_a_correction_of_a_field_holds_for_its_conversation_and_for_no_other(desk: Running) -> None:
    me = visitor(desk)
    upload = (ROOT / "examples" / "screens" / "order.png").read_bytes()
    file = me.post(desk.url + "/api/files", files={"file": ("a.png", upload)}, timeout=20).json()
    parts = [
        {"type": "text", "text": "订单号是多少"},
        {"type": "file", "file": {"file_id": file["id"]}},
    ]
    first = ask(me, desk, parts)
    (reading,) = first["sightdesk"]["reading"]
    field = next(one for one in reading["fields"] if len(one["value"]) >= 4)
    wanted = {"image": file["id"], "name": field["name"], "value": "QH-CORRECTED-77"}
    mine = first["sightdesk"]["conversation"]["id"]
    second = ask(me, desk, parts, conversation_id=mine, corrections=[wanted])
    third = ask(me, desk, parts, conversation_id=mine)
    other = ask(me, desk, parts)
    you = visitor(desk)  # the same picture: it is read once for all
    yours = you.post(desk.url + "/api/files", files={"file": ("a.png", upload)}, timeout=20).json()
    theirs = ask(you, desk, [parts[0], {"type": "file", "file": {"file_id": yours["id"]}}])
    for told, value in (
        (second, wanted["value"]),
        (third, wanted["value"]),
        (other, field["value"]),
        (theirs, field["value"]),
    ):
        (reading,) = told["sightdesk"]["reading"]
        fields = [one for one in reading["fields"] if one["name"] == field["name"]]
        assert fields[0]["value"] == value
        assert fields[0].get("corrected", False) == (value == wanted["value"])
    kept = me.get(f"{desk.url}/api/conversations/{mine}", timeout=5).json()["messages"][-1]
    assert any(one.get("corrected") for one in kept["reading"][0]["fields"])


@pytest.mark.parametrize(
    "wrong",
    [
        [{"image": "file-1", "name": "Bad Name", "value": "1"}],
        [{"image": "file-1", "name": "amount", "value": ""}],
        [{"image": "file-1", "name": "amount", "value": "1", "more": 1}],
        [{"image": "f", "name": "amount", "value": "1"}] * 65,
        "no list",
    ],
)
def test_a_wrong_correction_is_refused(desk: Running, wrong: Any) -> None:
    body = {"messages": [{"role": "user", "content": "hi"}], "corrections": wrong}
    answer = visitor(desk).post(desk.url + "/api/chat", json=body, timeout=20)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("corrections")


def test_the_companys_voice_is_in_the_config_and_changes_while_the_gateway_runs(
    desk: Running, folder: Path
) -> None:
    me = visitor(desk)

    def voice() -> Any:
        return me.get(desk.url + "/api/config", timeout=5).json()["assistant"]

    told = voice()
    assert told["name"] == {"zh-CN": "小云", "en": "Yun"}
    assert told["accent"] == "#1a7f5a"
    assert told["starters"][0]["text"]["en"] == "How do I return an item?"
    (folder / "assistant.toml").write_text("name = 'Neu'\naccent = 'red'\n", "utf-8")
    try:
        wait_until(lambda: voice()["name"]["en"] == "Neu", 3)
        problems = requests.get(desk.url + "/readyz", timeout=5).json()["knowledge"]["problems"]
        assert "assistant.toml: accent is not a colour such as #1a7f5a" in problems
        (folder / "assistant.toml").write_text("name = [broken", "utf-8")
        wait_until(
            lambda: (
                "assistant.toml: cannot be used"
                in str(
                    requests.get(desk.url + "/readyz", timeout=5).json()["knowledge"]["problems"]
                )
            ),
            3,
        )
        assert voice()["name"]["en"] == "Neu", "the last good file stays"
    finally:
        (folder / "assistant.toml").write_text(PERSONA, "utf-8")


def test_staff_correct_an_answer_for_its_question_and_take_it_back(desk: Running) -> None:
    me, anna = visitor(desk), {"authorization": "Bearer sk-anna1"}
    answer = ask(me, desk, "你们周末几点关门？")["sightdesk"]["answer"]["id"]
    url = desk.url + "/api/desk/corrections"
    made = requests.post(
        url,
        json={"answer": answer, "text": "周末 21:30 关门。", "questions": ["周六营业到几点"]},
        headers=anna,
        timeout=5,
    )
    assert made.status_code == 201
    kept = made.json()
    assert (kept["author"], kept["questions"][0]) == ("anna", "你们周末几点关门？")
    assert kept in requests.get(url, headers=anna, timeout=5).json()["data"]
    started = time.monotonic()
    told = ask(visitor(desk), desk, "你们周末几点关门？")["sightdesk"]
    assert time.monotonic() - started < 2
    (cited,) = told["citations"]
    assert (cited["kind"], cited["author"], cited["text"]) == ("correction", "anna", kept["text"])
    assert cited["title"] == "周六营业到几点", "never the words of the customer who asked"
    assert requests.delete(f"{url}/{kept['id']}", headers=anna, timeout=5).status_code == 200
    assert not ask(visitor(desk), desk, "你们周末几点关门？")["sightdesk"]["citations"]
    assert requests.delete(f"{url}/{kept['id']}", headers=anna, timeout=5).status_code == 404


def test_only_staff_may_call_the_desks_routes(desk: Running) -> None:
    url = desk.url + "/api/desk/corrections"
    refused = requests.get(url, headers={"authorization": "Bearer sk-bot11"}, timeout=5)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "staff_only")
    # The anonymous caller of this machine, as in `make demo`.
    assert requests.get(url, timeout=5).status_code == 200
    body = {"answer": "answer-unknown", "text": "x"}
    assert requests.post(url, json=body, timeout=5).status_code == 404


def test_a_picture_with_thanks_is_answered_as_a_question(desk: Running) -> None:
    message = picture_message("谢谢", screen("order"))
    told = ask(visitor(desk), desk, message["content"])
    assert told["sightdesk"]["outcome"] != "smalltalk"


def test_an_english_question_about_a_chinese_picture_gets_the_english_clause(
    desk: Running,
) -> None:
    message = picture_message("What error is this, and how do I fix it?", screen("payment-failed"))
    told = ask(visitor(desk), desk, message["content"])["sightdesk"]
    assert told["citations"][0]["id"] == "en/app-troubleshooting#3.1"
