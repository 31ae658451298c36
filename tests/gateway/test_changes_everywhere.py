"""Two gateways that share folders and PostgreSQL: a change is in force on both within 2 s."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.connectors import READ, TOKEN
from tests.support.postgres import running_postgres
from tests.support.servers import Running, running_gateway, running_lite, wait_for, wait_until
from tests.support.visitor import Visitor

pytestmark = pytest.mark.calm
PROMISED_SECONDS = 2.0
SLACK = 1.0  # for a machine that is busy with other tests
CLAUSE = "# 仓库\n\n9.1 自提仓库\n\n自提仓库在{}号。\n"
QUESTION = "你们的自提仓库在几号？"
STAFF = {"authorization": "Bearer sk-anna1"}


@dataclass(frozen=True, slots=True)
class Desk:
    both: list[Running]
    folder: Path

    @property
    def knowledge(self) -> Path:
        return self.folder / "knowledge" / "warehouse.md"

    @property
    def connector(self) -> Path:
        return self.folder / "connectors" / "parcel.yaml"

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    for name in ("knowledge", "connectors", "one", "other"):
        (folder / name).mkdir()
    with ExitStack() as stack:
        lite = stack.enter_context(running_lite())
        settings = {
            "DATABASE_URL": stack.enter_context(running_postgres()).url(),
            "EMBED_SECRET": "signs-tokens-of-both-gateways-012",
            "EMBEDDING_URL": "",
            "KNOWLEDGE_DIR": str(folder / "knowledge"),
            "CONNECTORS_DIR": str(folder / "connectors"),
            "CONNECTOR_URL": "http://127.0.0.1:9",
            "CONNECTOR_TOKEN": TOKEN,
            "API_KEYS_FILE": str(folder / "keys.json"),
        }
        made = Desk([], folder)
        made.knowledge.write_text(CLAUSE.format(1), "utf-8")
        write(made.keys, keys("sk-anna1"))
        starting = [
            running_gateway(lite.url, folder / name, **settings) for name in ("one", "other")
        ]
        with ThreadPoolExecutor(2) as pool:
            made.both.extend(pool.map(stack.enter_context, starting))
        for gateway in made.both:
            wait_for(gateway.url + "/readyz")
        yield made


def write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8")
    new.rename(path)


def keys(*given: str) -> str:
    digests = [hashlib.sha256(one.encode()).hexdigest() for one in given]
    entries = [
        {"name": f"key-{number}", "sha256": digest, "role": "staff"}
        for number, digest in enumerate(digests)
    ]
    return json.dumps({"keys": entries})


def in_force(desk: Desk, change: Callable[[], object], seen: Callable[[Running], object]) -> None:
    """Makes the change, and waits until each gateway shows it."""
    change()
    changed = time.monotonic()
    for gateway in desk.both:
        wait_until(partial(seen, gateway), 20)
        assert time.monotonic() - changed < PROMISED_SECONDS + SLACK


def answered(gateway: Running) -> dict[str, Any]:
    body = {"stream": False, "messages": [{"role": "user", "content": QUESTION}]}
    with Visitor(gateway.url) as visitor:
        told: dict[str, Any] = visitor.call("POST", "/api/chat", json=body).json()
    return told


def cited(gateway: Running) -> str:
    return " ".join(one["text"] for one in answered(gateway)["sightdesk"]["citations"])


def tools(gateway: Running) -> int:
    told: dict[str, Any] = requests.get(gateway.url + "/readyz", timeout=10).json()
    return int(told["connectors"]["tools"])


def status(gateway: Running, key: str) -> int:
    headers = {"authorization": f"Bearer {key}"}
    return requests.get(gateway.url + "/v1/models", headers=headers, timeout=10).status_code


@pytest.mark.parametrize("number", [27, 28])
def test_a_changed_clause(desk: Desk, number: int) -> None:
    text = CLAUSE.format(number)
    change = partial(write, desk.knowledge, text)
    in_force(desk, change, lambda gateway: f"{number}号" in cited(gateway))


def test_a_new_and_a_removed_connector(desk: Desk) -> None:
    in_force(desk, lambda: write(desk.connector, READ), lambda gateway: tools(gateway) == 1)
    in_force(desk, desk.connector.unlink, lambda gateway: tools(gateway) == 0)


def test_a_new_and_a_revoked_key(desk: Desk) -> None:
    both = keys("sk-anna1", "sk-new11")
    in_force(desk, lambda: write(desk.keys, both), lambda one: status(one, "sk-new11") == 200)
    alone = keys("sk-anna1")
    in_force(desk, lambda: write(desk.keys, alone), lambda one: status(one, "sk-new11") == 401)


def test_a_correction_and_that_it_was_taken_back(desk: Desk) -> None:
    first = desk.both[0]
    wanted = {"answer": answered(first)["sightdesk"]["answer"]["id"], "text": "自提仓库已关闭。"}
    url = first.url + "/api/desk/corrections"
    made: list[str] = []

    def correct() -> None:
        answer = requests.post(url, json=wanted, headers=STAFF, timeout=10)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])

    def take_back() -> None:
        assert requests.delete(f"{url}/{made[0]}", headers=STAFF, timeout=10).ok

    in_force(desk, correct, lambda gateway: "已关闭" in cited(gateway))
    in_force(desk, take_back, lambda gateway: "已关闭" not in cited(gateway))
