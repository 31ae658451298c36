"""The actions' part of a gateway, in processes that are killed at a chosen point.

`python -m tests.support.action_gateway` imports everything once. For each line of jobs on its stdin
it forks a process for each job, waits for all of them, and answers with their exit statuses:
0 where all actions had ended, a negative signal where it was killed.
"""

import asyncio
import json
import os
import random
import signal
import ssl
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.actions.worker import ActionWorker
from gateway.connectors.tool import Identity
from gateway.errors import StoreUnavailable
from gateway.observability.metrics import Metrics
from gateway.storage.database import Database, open_database
from gateway.storage.event_tables import StoredEvent, WebhookDelivery
from gateway.webhooks import sender
from gateway.webhooks.deliveries import DONE, Claimed, Deliveries
from gateway.webhooks.event_types import TYPES
from gateway.webhooks.worker import Pace, WebhookWorker
from tests.support.action_tools import NO_TLS, HTTPTool, Toolbox
from tests.support.outbox import ENVIRON

LEASE, PAUSE, POLL, TIMEOUT = 0.6, 0.05, 0.1, 0.5  # seconds
# More tries than any run takes: a webhook that is given up would be missed.
HOOKS = Pace(look=0.05, request=0.6, lease=1.0, pauses=(0.05,) * 100)
SECONDS = 30.0  # for one process to end
TRIES = 8  # of a client whom the store does not answer
OWNER, WHO = "key:shop", Identity("li", "shop")


@dataclass(frozen=True, slots=True)
class Job:
    """`writes`: names of tools, each proposed once; those that end in "?" are not confirmed.
    `point`: where the process is killed, when it comes there for the `nth` time. `after`: seconds
    after which it is killed anywhere. `said`: a file that gets a line for each id that was
    acknowledged. `hooks`: the folder of webhooks.yaml."""

    database: str
    system: str
    said: str
    hooks: str
    conversation: str
    writes: tuple[str, ...] = ()
    point: str = ""
    nth: int = 1
    after: float = 0.0
    seed: int = 0


def toolbox(system: str) -> Toolbox:
    return Toolbox(
        HTTPTool(
            "keyed", f"{system}/keyed", has_key=True, retries=7, notifies="notify", timeout=TIMEOUT
        ),
        HTTPTool("plain", f"{system}/plain", timeout=TIMEOUT),
        HTTPTool("notify", f"{system}/plain", timeout=TIMEOUT),
    )


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # a signal to oneself may take a moment


class Killer:
    """A checkpoint that kills the process."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._seen: Counter[str] = Counter()
        if job.after:
            timer = threading.Timer(job.after, kill)
            timer.daemon = True
            timer.start()

    def __call__(self, point: str) -> None:
        self._seen[point] += 1
        if point == self._job.point and self._seen[point] == self._job.nth:
            kill()


def without_tls(ca_file: str) -> ssl.SSLContext:
    """As for the tools: a context of certificates takes longer than a whole action."""
    return NO_TLS


def watch_deliveries(at: Killer) -> None:
    """Checkpoints around the commit that notes what a subscriber has taken."""
    finish = Deliveries.finish

    def watched(self: Deliveries, claimed: Claimed, state: str, error: str = "") -> None:
        at("delivery before commit")
        finish(self, claimed, state, error)
        at("delivery after commit")

    Deliveries.finish = watched  # type: ignore[method-assign]  # this process does nothing else
    sender._context = without_tls


async def serve(job: Job) -> int:
    at = Killer(job)
    watch_deliveries(at)
    database = open_database(job.database, lambda: None)
    store = ActionStore(database, at)
    tools = toolbox(job.system)
    metrics = Metrics("0", "lite")
    worker = ActionWorker(
        store, tools, metrics, checkpoint=at, lease=LEASE, first_pause=PAUSE, poll=POLL
    )
    hooks = WebhookWorker(database, Path(job.hooks), ENVIRON, metrics, HOOKS)
    running = asyncio.create_task(worker.run())
    telling = asyncio.create_task(hooks.run())
    actions = Actions(store, tools, metrics, expires=600)
    said = os.open(job.said, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        await asyncio.to_thread(write, job, actions, tools, said)
        deadline = time.monotonic() + SECONDS
        while await asyncio.to_thread(is_open, actions, database):
            if running.done() or telling.done() or time.monotonic() > deadline:
                return 3
            await asyncio.sleep(0.03)
        return 0
    finally:
        for task in (running, telling):
            task.cancel()
        await asyncio.wait((running, telling))


def write(job: Job, actions: Actions, tools: Toolbox, said: int) -> None:
    """Proposes and confirms, as the routes do in their threads."""
    chance = random.Random(job.seed)
    for number, name in enumerate(job.writes):
        tool = tools.find(name.rstrip("?"))
        assert tool is not None
        arguments = {"order": f"QH-{os.getpid()}-{number}"}
        given = (tool, arguments, WHO, OWNER, job.conversation, "answer-1", "zh")
        made = patiently(partial(actions.propose, *given))
        os.write(said, f"proposed {made['id']}\n".encode())
        if name.endswith("?"):
            continue
        time.sleep(chance.random() * 0.02)
        patiently(partial(actions.confirm, OWNER, made["id"]))
        os.write(said, f"confirmed {made['id']}\n".encode())


def patiently(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """As a client does whom a busy store has answered 503."""
    for _ in range(TRIES):
        with suppress(StoreUnavailable):
            return ask()
        time.sleep(PAUSE)
    return ask()


def is_open(actions: Actions, database: Database) -> bool:
    """Whether an action has not ended, or the subscriber has not taken an event."""
    with suppress(StoreUnavailable):
        listed = actions.listed(None, 500)
        if any(one["status"] in ("confirmed", "running") for one in listed):
            return True
        with database.reading() as session:
            told = select(func.count()).select_from(StoredEvent)
            events = session.scalar(told.where(StoredEvent.type.in_(TYPES)))
            taken = select(func.count()).select_from(WebhookDelivery)
            return session.scalar(taken.where(WebhookDelivery.state == DONE)) != events
    return True  # it is asked again


def fork(job: Job) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 4
    try:
        status = asyncio.run(serve(job))
    except BaseException:  # noqa: BLE001 - it ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the log goes to stdout
    for line in sys.stdin:
        given: list[dict[str, Any]] = json.loads(line)
        pids = [fork(Job(**{**one, "writes": tuple(one["writes"])})) for one in given]
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        print(json.dumps(ended), file=answers, flush=True)


if __name__ == "__main__":
    main()
