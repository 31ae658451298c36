"""`make outbox`: what waits or failed is listed and can be sent again."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.storage.database import Database
from gateway.storage.event_tables import WebhookDelivery
from gateway.storage.models import Turn
from tests.support.databases import ask
from tests.support.outbox import (
    ENVIRON,
    QUICK,
    deliveries,
    happen,
    settled,
    subscribe,
    until,
    worker,
    working,
)
from tests.support.paths import ROOT
from tests.support.webhook_receiver import Receiver


def outbox(url: str, folder: Path, *what: str) -> "subprocess.CompletedProcess[str]":
    environ = {
        **os.environ,
        **ENVIRON,
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "CONNECTORS_DIR": str(folder),
    }
    command = [sys.executable, "-m", "gateway.webhooks.outbox", *what]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )


async def test_what_failed_is_listed_by_host_and_sent_again_with_its_id(
    database: Database, url: str, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.extend([500] * 4)
    subscribe(folder, receiver.url + "/hidden-word")
    assert "Nothing waits" in outbox(url, folder).stdout
    async with working(worker(database, folder)):
        happen(database, 1)
        await until(lambda: settled(database, 1))
        told = outbox(url, folder).stdout
        message_id = receiver.ids()[0]
        assert f"{message_id}  feedback.given  127.0.0.1  failed  4" in told
        assert "answered 500" in told
        assert "hidden-word" not in told
        again = outbox(url, folder, message_id)
        assert (again.returncode, again.stdout) == (0, "1 deliveries are sent again.\n")
        await until(lambda: deliveries(database) == [("done", 1, "")])
    assert receiver.ids() == [message_id] * 5
    missing = outbox(url, folder, "msg_none")
    assert (missing.returncode, missing.stderr) == (1, "make outbox: msg_none has no delivery\n")


async def test_what_waits_behind_a_replayed_message_goes_with_it(
    database: Database, url: str, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.append(500)
    subscribe(folder, receiver.url)
    async with working(worker(database, folder, replace(QUICK, pauses=(600, 600)))):
        happen(database, 1)
        await until(lambda: deliveries(database) == [("waiting", 1, "answered 500")])
        happen(database, 2)
        await until(lambda: len(deliveries(database)) == 2)
        # As it stands where the second message was there when the first one was put off.
        with database.writing() as session:
            first = select(WebhookDelivery.due_at).order_by(WebhookDelivery.number).limit(1)
            session.execute(update(WebhookDelivery).values(due_at=session.scalar(first)))
        assert outbox(url, folder, receiver.ids()[0]).returncode == 0
        await until(lambda: receiver.numbers() == [1, 1, 2])


async def test_replay_begins_an_ended_subscription_again(
    database: Database, url: str, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.append(410)
    subscribe(folder, receiver.url)
    async with working(worker(database, folder)):
        happen(database, 1)
        await until(lambda: settled(database, 1))
        happen(database, 2)  # nobody hears of it
        assert "1 deliveries" in outbox(url, folder, "failed").stdout
        await until(lambda: receiver.numbers() == [1, 1])
        happen(database, 3)
        await until(lambda: receiver.numbers() == [1, 1, 3])


def test_the_command_beside_a_running_gateway_ends_no_answer_and_makes_no_database(
    database: Database, url: str, folder: Path, tmp_path: Path
) -> None:
    ask(database, 1)
    with database.writing() as session:
        session.execute(update(Turn).values(state="writing", writer="sightdesk-other"))
    assert outbox(url, folder).returncode == 0
    with database.reading() as session:
        assert {turn.state for turn in session.query(Turn)} == {"writing"}
    none = outbox(f"sqlite:///{tmp_path}/none.db", folder)
    assert (none.returncode, "no such database yet" in none.stderr) == (1, True)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("what", ["", "failed"])
def test_a_database_that_does_not_answer_is_said_in_one_line(folder: Path, what: str) -> None:
    ended = outbox("postgresql://desk:hidden-word@127.0.0.1:1/x", folder, what)
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1 or "Traceback" not in ended.stderr
    assert "hidden-word" not in ended.stderr
