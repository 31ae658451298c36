"""Staff look at the knowledge, search it by hand, and try a correction before it is kept."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.storage.database import attach_database
from tests.support.databases import ask
from tests.support.paths import ROOT
from tests.support.servers import Running, running_gateway, wait_until

SECRET_URL = "http://user:secret-word@127.0.0.1:9/engine?key=secret-word"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "knowledge" / "zh-CN", made / "knowledge" / "zh-CN")
    (made / "knowledge" / "broken.docx").write_bytes(b"no document")
    return made


@pytest.fixture(scope="module")
def desk(data: Path) -> Iterator[Running]:
    """Without an engine: clauses are found by words alone."""
    with running_gateway(
        SECRET_URL,
        data,
        READER_URL="",
        STAFF_ANONYMOUS="1",
        KNOWLEDGE_DIR=str(data / "knowledge"),
        API_KEYS="shop:sk-very-secret",
    ) as gateway:
        wait_until(lambda: not is_being_read(gateway), 60)
        yield gateway


def is_being_read(desk: Running) -> bool:
    problems = read(desk, "knowledge")["problems"]
    return any(one["code"] == "reading" for one in problems)


def read(desk: Running, path: str, **query: str) -> Any:
    answer = requests.get(f"{desk.url}/api/desk/{path}", params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def previewed(desk: Running, **body: Any) -> requests.Response:
    return requests.post(f"{desk.url}/api/desk/corrections/preview", json=body, timeout=10)


def test_every_file_is_listed_with_its_clauses_and_what_is_wrong(desk: Running) -> None:
    told = read(desk, "knowledge")
    files = {one["path"]: one for one in told["data"]}
    after_sales = files["zh-CN/after-sales.md"]
    assert after_sales["clauses"] > 5
    assert after_sales["size"] > 100
    assert after_sales["changed_at"] > 1_600_000_000
    assert sum(one["clauses"] for one in files.values()) == told["clauses"] == told["in_force"]
    assert files["broken.docx"]["clauses"] == 0
    assert ("broken.docx", "content") in [(one["path"], one["code"]) for one in told["problems"]]
    assert told["vectors"] == {"state": "off"}


def test_a_search_tells_what_the_assistant_would_do_with_the_question(desk: Running) -> None:
    found = read(desk, "knowledge/search", query="售后服务政策 3.2 是什么")
    assert (found["intent"], found["by"], found["verdict"]) == ("question", "number", "answer")
    thanks = read(desk, "knowledge/search", query="谢谢")
    assert (thanks["intent"], thanks["verdict"]) == ("smalltalk_thanks", "none")


def test_a_correction_is_tried_and_not_kept(desk: Running, data: Path) -> None:
    database = attach_database(f"sqlite:///{data}/sightdesk.db")
    ask(database, 1, "旧电池你们回收吗")
    database.close()
    answer = previewed(
        desk,
        answer="answer-1",
        text="旧电池可以寄回，运费到付。",
        questions=["废电池回收吗"],
        tries=["旧电池，你们回收吗？", "发票怎么开"],
    )
    assert answer.status_code == 200, answer.text
    rows = {one["question"]: one for one in answer.json()["data"]}
    assert {name: (one["wins"], one["is_try"]) for name, one in rows.items()} == {
        "旧电池你们回收吗": (True, False),
        "废电池回收吗": (True, False),
        "旧电池，你们回收吗？": (True, True),
        "发票怎么开": (False, True),
    }
    won = rows["废电池回收吗"]
    assert won["after"][0]["text"] == "旧电池可以寄回，运费到付。"
    assert won["after"][0]["id"] not in [one["id"] for one in won["before"]]
    assert rows["发票怎么开"]["before"] == rows["发票怎么开"]["after"] != []
    assert read(desk, "corrections")["data"] == []


def test_a_preview_needs_a_question_and_an_answer_that_exists(desk: Running) -> None:
    assert previewed(desk, text="x").json()["error"]["code"] == "invalid_request"
    assert previewed(desk, text="x", answer="answer-none").status_code == 404
    assert previewed(desk, text="x" * 4_001, questions=["y"]).status_code == 400


def test_the_system_is_told_without_any_secret(desk: Running) -> None:
    answer = requests.get(f"{desk.url}/api/desk/system", timeout=10)
    told = answer.json()
    assert "secret" not in answer.text
    [engine] = told["engines"]
    assert (engine["url"], engine["up"]) == ("http://127.0.0.1:9/engine", False)
    assert told["engine"]["phase"] == "unavailable"
    assert told["database"] == {"kind": "sqlite", "answers": True}
    assert told["reader"] == {"url": "", "on": False, "up": None}
    assert {"knowledge", "webhooks", "connectors"} <= told["tasks"].keys()
    shown = {one["name"]: one["value"] for one in told["settings"]}
    assert shown["ENGINE_URLS"] == "http://127.0.0.1:9/engine"
    assert shown["MAX_QUEUED"] == "64"
    assert not {"API_KEYS", "PROXY_SECRET", "DATABASE_URL", "EMBEDDING_API_KEY"} & shown.keys()
