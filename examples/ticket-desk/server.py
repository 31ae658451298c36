"""A small ticket system with an assistant beside each ticket.

Run it from the repository's root: `python3 -m examples.ticket-desk.server`.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from examples.host import MAX_BODY, SIGHTDESK_URL, Host, Refused, mint, serve
from examples.staff import StaffDesk, Taken, verified

HERE = Path(__file__).parent
SCREENS = HERE.parent / "screens"
DATABASE = Path(os.environ.get("TICKETS", HERE / "tickets.db"))
AGENT = os.environ.get("AGENT", "李娜")  # who is signed in; a real ticket system knows
# For hand-overs: the secret of the webhook, and a key with the role staff.
HOOK_SECRET = os.environ.get("SIGHTDESK_SECRET", "")
STAFF = StaffDesk(SIGHTDESK_URL, os.environ.get("SIGHTDESK_STAFF_KEY", ""))
SCHEMA = """
create table if not exists tickets (
    id integer primary key, subject text, customer text, channel text, status text, created real
);
create table if not exists messages (
    id integer primary key, ticket integer, role text, author text, text text, image text,
    created real
);
create table if not exists notes (
    id integer primary key, ticket integer, author text, text text, citations text, fields text,
    created real
);
create table if not exists conversations (id text primary key, ticket integer, created real);
create table if not exists handoffs (id text primary key, ticket integer unique);
create table if not exists seen (id text primary key);
"""


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(DATABASE)) as connection, connection:
        connection.row_factory = sqlite3.Row
        yield connection


def prepare() -> None:
    """Creates the tables, and the sample tickets where there are none."""
    DATABASE.parent.mkdir(parents=True, exist_ok=True)
    with database() as db:
        db.executescript(SCHEMA)
        if db.execute("select count(*) from tickets").fetchone()[0]:
            return
        now = time.time()
        for ticket in json.loads((HERE / "sample.json").read_text("utf-8")):
            opened = now - ticket["minutes_ago"] * 60
            db.execute(
                "insert into tickets values (?, ?, ?, ?, 'open', ?)",
                (ticket["id"], ticket["subject"], ticket["customer"], ticket["channel"], opened),
            )
            for number, message in enumerate(ticket["messages"]):
                author = ticket["customer"] if message["role"] == "customer" else AGENT
                db.execute(
                    "insert into messages (ticket, role, author, text, image, created)"
                    " values (?, ?, ?, ?, ?, ?)",
                    (
                        ticket["id"],
                        message["role"],
                        author,
                        message["text"],
                        message.get("image"),
                        opened + number * 90,
                    ),
                )


def ticket(number: int) -> dict[str, Any]:
    """The ticket with messages and notes, oldest first, and the id of its last conversation.

    Raises Refused.
    """
    with database() as db:
        row = db.execute("select * from tickets where id = ?", (number,)).fetchone()
        if row is None:
            raise Refused(404, "There is no such ticket.")
        messages = db.execute(
            "select * from messages where ticket = ? order by id", (number,)
        ).fetchall()
        notes = db.execute("select * from notes where ticket = ? order by id", (number,)).fetchall()
        handed = db.execute("select id from handoffs where ticket = ?", (number,)).fetchone()
        asked = db.execute(
            "select id from conversations where ticket = ? order by created desc limit 1", (number,)
        ).fetchone()
    unpacked = [
        {
            **dict(note),
            "citations": json.loads(note["citations"]),
            "fields": json.loads(note["fields"]),
        }
        for note in notes
    ]
    return {
        **dict(row),
        "messages": [dict(message) for message in messages],
        "notes": unpacked,
        "conversation": asked and asked["id"],
        "handoff": handed and handed["id"],
    }


def add_note(number: int, body: dict[str, Any], *, by_ai: bool = False) -> None:
    """Stores a note of an agent or of the AI, with citations and fields as data."""
    text = str(body.get("text", "")).strip()[:20_000]
    if not text:
        raise Refused(400, "A note needs text.")
    citations = [
        {name: str(one.get(name) or "")[:4000] for name in ("id", "title", "clause", "text")}
        for one in body.get("citations", [])[:20]
    ]
    fields = [
        {name: str(one.get(name) or "")[:500] for name in ("name", "value")}
        for one in body.get("fields", [])[:40]
    ]
    author = "SightDesk" if by_ai else AGENT
    with database() as db:
        db.execute(
            "insert into notes (ticket, author, text, citations, fields, created)"
            " values (?, ?, ?, ?, ?, ?)",
            (number, author, text, json.dumps(citations), json.dumps(fields), time.time()),
        )


def begin(conversation: str, number: int) -> None:
    """Stores which ticket a conversation belongs to; a later ticket does not change it.

    Raises Refused.
    """
    ticket(number)
    with database() as db:
        db.execute(
            "insert or ignore into conversations values (?, ?, ?)",
            (conversation[:128], number, time.time()),
        )


def ticket_of(conversation: str) -> int:
    """The ticket of a conversation. Raises Refused where none is stored."""
    with database() as db:
        row = db.execute(
            "select ticket from conversations where id = ?", (conversation,)
        ).fetchone()
    if row is None:
        raise Refused(404, "This conversation belongs to no ticket.")
    return int(row["ticket"])


def take(event_id: str, event: dict[str, Any]) -> None:
    """A hand-over becomes a ticket, and what its customer says a message. In one transaction: an
    event that comes twice changes nothing."""
    data = event["data"]
    handoff, now = data["handoff"], time.time()
    with database() as db:
        if not db.execute("insert or ignore into seen values (?)", (event_id,)).rowcount:
            return
        if event["type"] == "handoff.requested":
            open_ticket(db, data, now)
            return
        row = db.execute("select ticket from handoffs where id = ?", (handoff["id"],)).fetchone()
        if row is None:
            return
        turn = data.get("turn") or {}
        if event["type"] == "handoff.message" and turn.get("role") == "user":
            add_message(db, row["ticket"], "customer", f"#{handoff['number']}", turn["text"], now)
        elif event["type"] == "handoff.resolved":
            db.execute("update tickets set status = 'solved' where id = ?", (row["ticket"],))


def open_ticket(db: sqlite3.Connection, data: dict[str, Any], now: float) -> None:
    handoff, customer = data["handoff"], f"#{data['handoff']['number']}"
    number = db.execute(
        "insert into tickets (subject, customer, channel, status, created)"
        " values (?, ?, 'SightDesk', 'open', ?)",
        (handoff["note"] or handoff["summary"].partition("\n")[0] or customer, customer, now),
    ).lastrowid
    db.execute("insert into handoffs values (?, ?)", (handoff["id"], number))
    for said in data.get("messages", ()):
        is_customer = said["role"] == "user"
        author = customer if is_customer else said["author"] or "SightDesk"
        add_message(db, number, "customer" if is_customer else "agent", author, said["text"], now)
    links = "\n".join(one["url"] for one in data.get("pictures", ()))
    text = "\n\n".join(filter(None, (handoff["summary"], links)))
    fields = json.dumps([{"name": one["name"], "value": one["value"]} for one in handoff["fields"]])
    db.execute(
        "insert into notes (ticket, author, text, citations, fields, created)"
        " values (?, 'SightDesk', ?, '[]', ?, ?)",
        (number, text, fields, now),
    )


def add_message(
    db: sqlite3.Connection, number: int | None, role: str, author: str, text: str, now: float
) -> int:
    added = db.execute(
        "insert into messages (ticket, role, author, text, created) values (?, ?, ?, ?, ?)",
        (number, role, author, text, now),
    )
    return added.lastrowid or 0


def reply(number: int, text: str) -> None:
    """Says it to the customer at SightDesk. Raises Refused."""
    handoff = ticket(number)["handoff"]
    if not handoff or not text.strip():
        raise Refused(400, "A reply needs text, and a ticket that SightDesk has handed over.")
    try:
        with database() as db:  # kept only if it was said
            message = add_message(db, number, "agent", AGENT, text.strip(), time.time())
            STAFF.say(handoff, text.strip(), f"{number}-{message}")
    except (Taken, OSError) as error:
        raise Refused(502, f"SightDesk did not take it: {error}") from None


def end(number: int) -> None:
    """Ends the hand-over of a ticket that is solved. One that somebody else has goes on."""
    handoff = ticket(number)["handoff"]
    if handoff:
        with suppress(Taken, OSError):
            STAFF.resolve(handoff)


class TicketDesk(Host):
    def do_POST(self) -> None:
        if self.path == "/sightdesk-hooks":
            self.answered(self.hook)
        else:
            super().do_POST()

    def hook(self) -> None:
        length = int(self.headers.get("content-length") or MAX_BODY + 1)
        if length > MAX_BODY or not HOOK_SECRET:
            raise Refused(413, f"At most {MAX_BODY} bytes, and SIGHTDESK_SECRET must be set.")
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = verified(HOOK_SECRET, headers, self.rfile.read(length))
        if event is None:
            raise Refused(401, "SightDesk has not signed this.")
        take(headers["webhook-id"], event)
        self.send_json({})

    def get(self, path: str) -> None:
        match path.strip("/").split("/"):
            case ["api", "tickets"]:
                with database() as db:
                    rows = db.execute("select * from tickets order by created desc").fetchall()
                self.send_json({"agent": AGENT, "tickets": [dict(row) for row in rows]})
            case ["api", "tickets", number] if number.isdecimal():
                self.send_json(ticket(int(number)))
            case ["screens", name]:
                self.send_page(SCREENS, name)
            case _:
                super().get(path)

    def post(self, path: str, body: dict[str, Any]) -> None:
        match path.strip("/").split("/"):
            case ["api", "tickets", number, "notes"] if number.isdecimal():
                ticket(int(number))
                add_note(int(number), body)
                self.send_json(ticket(int(number)), 201)
            case ["api", "tickets", number, "replies"] if number.isdecimal():
                reply(int(number), str(body.get("text", ""))[:8000])
                self.send_json(ticket(int(number)), 201)
            case ["api", "tickets", number, "conversations"] if number.isdecimal():
                begin(str(body.get("conversation", "")), int(number))
                self.send_json(ticket(int(number)), 201)
            case ["api", "conversations", conversation, "notes"]:
                found = ticket_of(conversation)
                add_note(found, body, by_ai=True)
                self.send_json(ticket(found), 201)
            case ["api", "tickets", number, "status"] if number.isdecimal() and body.get(
                "status"
            ) in (
                "open",
                "solved",
            ):
                with database() as db:
                    db.execute(
                        "update tickets set status = ? where id = ?", (body["status"], int(number))
                    )
                if body["status"] == "solved":
                    end(int(number))
                self.send_json(ticket(int(number)))
            case ["api", "sightdesk-token"]:
                # The user comes from our own sign-in, never from the browser.
                self.send_json(mint(f"ticket-desk:{AGENT}", self.origin))
            case _:
                raise Refused(404, "There is nothing here.")


if __name__ == "__main__":
    prepare()
    serve(TicketDesk, HERE / "static", int(os.environ.get("PORT", "8100")))
