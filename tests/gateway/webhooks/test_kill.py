"""Whatever is killed, a message arrives, with one id."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from gateway.storage.database import Database
from tests.support.outbox import deliveries, happen, settled, subscribe, until, worker, working
from tests.support.paths import ROOT
from tests.support.webhook_receiver import Receiver


async def test_a_gateway_killed_between_send_and_commit_has_its_message_sent_again(
    database: Database, url: str, folder: Path, receiver: Receiver
) -> None:
    subscribe(folder, receiver.url)
    async with working(worker(database, folder)):
        pass  # the subscription begins
    happen(database, 1)
    happen(database, 2)
    command = [sys.executable, "-m", "tests.support.killed_sender", url, str(folder)]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert receiver.numbers() == [1]
    assert deliveries(database)[0][:2] == ("waiting", 0)
    async with working(worker(database, folder)):
        await until(lambda: settled(database, 2))
    assert receiver.numbers() == [1, 1, 2]
    assert receiver.ids()[0] == receiver.ids()[1]


async def test_workers_killed_again_and_again_deliver_everything_in_order(
    database: Database, url: str, folder: Path, receiver: Receiver
) -> None:
    """Each process dies with its first message; the last one lives."""
    subscribe(folder, receiver.url)
    async with working(worker(database, folder)):
        pass
    for n in range(9):
        happen(database, n, f"conversation-{n % 3}")
    command = [sys.executable, "-m", "tests.support.killed_sender", url, str(folder)]
    for _ in range(3):
        await asyncio.to_thread(subprocess.run, command, cwd=ROOT, timeout=60)
    async with working(worker(database, folder)):
        await until(lambda: settled(database, 9))
    first_seen = list(dict.fromkeys(receiver.numbers()))
    assert len(set(receiver.ids())) == 9
    for lane in range(3):
        assert [n for n in first_seen if n % 3 == lane] == [lane, lane + 3, lane + 6]
