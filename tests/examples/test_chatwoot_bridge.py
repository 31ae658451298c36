"""The bridge to Chatwoot: a real gateway, the bridge, and a stand-in for Chatwoot's API."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.access import nginx, settings
from tests.support.handoff_desk import Desk
from tests.support.http_client import until
from tests.support.paths import ROOT
from tests.support.servers import Running, free_port, running_gateway, wait_for
from tests.support.staff_key import staff_keys
from tests.support.visitor import Visitor
from tests.support.webhook_receiver import SECRET

ANNA, NUMBER = nginx("anna"), 17


class FakeChatwoot:
    """Keeps what is said. `customer`: incoming messages, `notes`: private ones."""

    def __init__(self) -> None:
        self.customer: list[str] = []
        self.notes: list[str] = []

    def app(self) -> Starlette:
        async def contact(request: Request) -> JSONResponse:
            assert (await request.json())["name"].startswith("SightDesk ")
            return JSONResponse({"source_id": "source-1"})

        async def conversation(request: Request) -> JSONResponse:
            return JSONResponse({"id": NUMBER})

        async def message(request: Request) -> JSONResponse:
            self.customer.append((await request.json())["content"])
            return JSONResponse({"id": len(self.customer)})

        async def note(request: Request) -> JSONResponse:
            body = await request.json()
            assert request.headers["api_access_token"] == "agent-token"
            assert body["private"] is True
            self.notes.append(body["content"])
            return JSONResponse({"id": 1000 + len(self.notes)})

        contacts = "/public/api/v1/inboxes/inbox-1/contacts"
        talk = f"{contacts}/source-1/conversations"
        return Starlette(
            routes=[
                Route(contacts, contact, methods=["POST"]),
                Route(talk, conversation, methods=["POST"]),
                Route(f"{talk}/{NUMBER}/messages", message, methods=["POST"]),
                Route(
                    f"/api/v1/accounts/1/conversations/{NUMBER}/messages", note, methods=["POST"]
                ),
            ]
        )


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def bridge(chatwoot: str, desk: str, port: int, folder: Path) -> Iterator[str]:
    environ = {
        **os.environ,
        "CHATWOOT_URL": chatwoot,
        "CHATWOOT_INBOX": "inbox-1",
        "CHATWOOT_ACCOUNT": "1",
        "CHATWOOT_TOKEN": "agent-token",
        "SIGHTDESK_URL": desk,
        "SIGHTDESK_API_KEY": "sk-agents",
        "SIGHTDESK_SECRET": SECRET,
        "PATH_SECRET": "out-of-the-way",
        "THREADS": str(folder / "threads.db"),
        "PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.chatwoot_bridge.bridge"], cwd=ROOT, env=environ
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _listens(url))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _listens(url: str) -> bool:
    try:
        return requests.post(f"{url}/sightdesk", b"{}", timeout=2).status_code == 401
    except requests.ConnectionError:
        return False


def test_a_hand_over_goes_to_chatwoot_and_the_agents_words_come_back(
    lite: Running, tmp_path: Path
) -> None:
    fake, port = FakeChatwoot(), free_port()
    more = settings(
        ANONYMOUS_NETWORKS="127.0.0.0/8",
        STAFF_USERS="anna",
        ENGINE="lite",
        API_KEYS_FILE=str(staff_keys(tmp_path, agents="sk-agents")),
        CONNECTORS_DIR=str(ROOT / "examples" / "chatwoot_bridge"),
        CONNECTOR_CHATWOOT_URL=f"http://127.0.0.1:{port}/sightdesk",
        CONNECTOR_CHATWOOT_SECRET=SECRET,
    )
    with (
        served(fake.app()) as chatwoot,
        running_gateway(lite.url, tmp_path, **more) as gateway,
        bridge(chatwoot, gateway.url, port, tmp_path) as url,
    ):
        wait_for(gateway.url + "/readyz")
        desk = Desk(gateway, Visitor(gateway.url))
        conversation = desk.conversation("where is my parcel?")
        made = desk.ask_for(conversation, contact="13812345678").json()
        until(lambda: fake.notes)
        assert fake.customer == ["where is my parcel?"]
        assert "where is my parcel?" in fake.notes[0]
        assert f"/desk.html#/inbox/open/{made['id']}" in fake.notes[0]

        reply: dict[str, Any] = {
            "event": "message_created", "id": 501, "content": "One moment.",
            "message_type": "outgoing", "private": False, "conversation": {"id": NUMBER},
        }  # fmt: skip
        hook = f"{url}/chatwoot/out-of-the-way"
        for event in (reply, reply, {**reply, "id": 502, "private": True}):
            assert requests.post(hook, json=event, timeout=10).status_code == 204
        wrong = requests.post(f"{url}/chatwoot/guess", json=reply, timeout=10)
        assert wrong.status_code == 404
        said = [one for one in desk.customer.turns(conversation) if one["role"] == "staff"]
        assert [(one["text"], one["author"]) for one in said] == [("One moment.", "agents")]

        desk.customer.begin("thank you, please hurry", conversation).close()
        until(lambda: fake.customer[-1] == "thank you, please hurry")
        ended: dict[str, Any] = {
            "event": "conversation_status_changed", "id": NUMBER, "status": "resolved",
        }  # fmt: skip
        assert requests.post(hook, json=ended, timeout=10).status_code == 204
        assert desk.status(ANNA, made["id"]) == "resolved"
