"""`make outbox`: lists the deliveries that wait or have failed, and sends some of them again.

`python -m gateway.webhooks.outbox [failed | <webhook-id>]`, with the gateway's settings. It may run
beside the gateway, which does the sending.
"""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from gateway.errors import GatewayError
from gateway.settings import WrongSettings, load_settings
from gateway.storage.database import Database, attach_database
from gateway.storage.event_tables import StoredEvent, WebhookCursor, WebhookDelivery
from gateway.storage.turns import now
from gateway.webhooks.deliveries import FAILED, WAITING
from gateway.webhooks.subscription_file import SubscriptionFile

MAX_LISTED = 200
UNKNOWN = "(not in webhooks.yaml)"
HEADER = ("id", "type", "host", "state", "tries", "next try (UTC)", "error")


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery. `due_at`: milliseconds since 1970."""

    message_id: str
    type: str
    subscription: str
    state: str
    tries: int
    due_at: int
    error: str


class Outbox:
    """Synchronous. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lines(self, most: int) -> tuple[list[Line], int]:
        """Returns (the oldest `most` that wait or have failed, how many there are)."""
        is_open = WebhookDelivery.state.in_((WAITING, FAILED))
        wanted = (
            select(
                StoredEvent.id,
                StoredEvent.type,
                WebhookDelivery.subscription,
                WebhookDelivery.state,
                WebhookDelivery.tries,
                WebhookDelivery.due_at,
                WebhookDelivery.error,
            )
            .join(StoredEvent, StoredEvent.number == WebhookDelivery.event_number)
            .where(is_open)
            .order_by(WebhookDelivery.event_number)
            .limit(most)
        )
        with self._database.reading() as session:
            found = [Line(*row) for row in session.execute(wanted).all()]
            count = session.scalar(select(func.count(WebhookDelivery.number)).where(is_open))
        return found, count or 0

    def replay(self, what: str) -> int:
        """Sends again: `failed`, or every delivery of one message, also where it was delivered.
        The id stays, so a receiver that has it drops it. What waits in the same conversations need
        not wait longer. Returns how many are sent again."""
        if what == "failed":
            wanted = WebhookDelivery.state == FAILED
        else:
            event = select(StoredEvent.number).where(StoredEvent.id == what)
            wanted = WebhookDelivery.event_number.in_(event)
        with self._database.writing() as session:
            found = select(WebhookDelivery.number, WebhookDelivery.subscription).where(wanted)
            rows = session.execute(found.with_for_update()).all()
            fresh: dict[str, Any] = {"state": WAITING, "tries": 0, "error": "", "finished_at": None}
            numbers = [number for number, _ in rows]
            here = WebhookDelivery.number.in_(numbers)
            session.execute(update(WebhookDelivery).where(here).values(due_at=now(), **fresh))
            _hurry_lanes(session, numbers)
            _begin_again(session, {subscription for _, subscription in rows})
        return len(rows)


def _hurry_lanes(session: Session, numbers: Sequence[int]) -> None:
    """What waits in the conversations of these deliveries is due now: it was put off with them."""
    moment = now()
    lane = aliased(WebhookDelivery)
    behind = (
        WebhookDelivery.state == WAITING,
        WebhookDelivery.due_at > moment,
        WebhookDelivery.conversation_id != "",
        exists().where(
            lane.number.in_(numbers),
            lane.subscription == WebhookDelivery.subscription,
            lane.conversation_id == WebhookDelivery.conversation_id,
        ),
    )
    session.execute(
        update(WebhookDelivery)
        .where(*behind)
        .values(due_at=moment)
        .execution_options(synchronize_session=False)
    )


def _begin_again(session: Session, subscriptions: Iterable[str]) -> None:
    """A subscription that 410 ended goes on with the next event."""
    newest = session.scalar(select(func.max(StoredEvent.number))) or 0
    ended = (WebhookCursor.subscription.in_(subscriptions), WebhookCursor.is_gone)
    session.execute(update(WebhookCursor).where(*ended).values(is_gone=False, last_event=newest))


def table(lines: Iterable[Line], hosts: Mapping[str, str]) -> str:
    rows = [HEADER, *(_cells(line, hosts) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _cells(line: Line, hosts: Mapping[str, str]) -> tuple[str, ...]:
    due = datetime.fromtimestamp(line.due_at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return (
        *(line.message_id, line.type, hosts.get(line.subscription, UNKNOWN)),
        *(line.state, str(line.tries), due if line.state == WAITING else "-", line.error),
    )


def main(arguments: list[str]) -> int:
    what = arguments[0].strip() if arguments else ""
    try:
        settings = load_settings()
        database = attach_database(settings.database_url.get_secret_value())
    except WrongSettings as error:
        return _refused(str(error))
    subscriptions = SubscriptionFile(settings.connectors_dir, os.environ).current
    try:
        return _run(Outbox(database), what, {one.id: one.host for one in subscriptions})
    except GatewayError as error:
        return _refused(error.message)
    finally:
        database.close()


def _run(outbox: Outbox, what: str, hosts: Mapping[str, str]) -> int:
    if what:
        count = outbox.replay(what)
        _say(f"{count} deliveries are sent again.")
        return 0 if count or what == "failed" else _refused(f"{what[:80]} has no delivery")
    lines, count = outbox.lines(MAX_LISTED)
    if not lines:
        _say("Nothing waits, and nothing has failed.")
        return 0
    _say(table(lines, hosts))
    if count > len(lines):
        _say(f"… and {count - len(lines)} more")
    return 0


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a command's output


def _refused(reason: str) -> int:
    print(f"make outbox: {reason}", file=sys.stderr)  # noqa: T201 - a command's output
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
