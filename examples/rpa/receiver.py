"""Receives SightDesk's webhooks and keeps a list of work for an RPA robot.

`python -m examples.rpa.receiver` with RPA_SECRET (whsec_…), PORT (8200) and WORK (work.db).
"""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MAX_BYTES = 4 * 1024 * 1024
TABLES = """
    CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS work (
        number INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL, type TEXT NOT NULL,
        conversation TEXT NOT NULL, task TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
"""


class WorkList:
    """The robot takes its rows from the table `work`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with closing(sqlite3.connect(file)) as database:
            database.executescript(TABLES)

    def add(self, message_id: str, message: dict[str, Any]) -> bool:
        """False for a message that was here before: every message may come more than once.

        The id and the work are written in one transaction, so a crash between them loses nothing.
        """
        data = message["data"]
        with closing(sqlite3.connect(self._file)) as database, database:
            seen = database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (message_id,))
            if not seen.rowcount:
                return False
            row = (message_id, message["type"], data.get("conversation_id", ""), task_of(message))
            database.execute(
                "INSERT INTO work (message, type, conversation, task) VALUES (?, ?, ?, ?)", row
            )
        return True

    def rows(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self._file)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM work ORDER BY number")]


def task_of(message: dict[str, Any]) -> str:
    """What the robot has to do, as one line."""
    data = message["data"]
    if message["type"] == "fields.read":
        return "enter " + ", ".join(f"{one['name']}={one['value']}" for one in data["fields"])
    if message["type"].startswith("action."):
        action = data["action"]
        return f"{action['connector']} is {action['status']}: {json.dumps(action['arguments'])}"
    if message["type"].startswith("handoff."):
        return f"open a ticket for {data['conversation_id']}"
    return f"file {message['type']} of {data.get('answer', '')}"


def create_app(secret: str, work: WorkList) -> Starlette:
    webhook = Webhook(secret)

    async def receive(request: Request) -> Response:
        if int(request.headers.get("content-length", MAX_BYTES + 1)) > MAX_BYTES:
            return Response(status_code=413)
        try:
            # Over the exact bytes: JSON that is read and written again has another signature.
            message = webhook.verify(await request.body(), dict(request.headers))
        except WebhookVerificationError:
            return Response(status_code=401)
        is_new = await run_in_threadpool(work.add, request.headers["webhook-id"], message)
        return JSONResponse({"new": is_new})

    async def listing(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(work.rows))

    return Starlette(routes=[Route("/hooks", receive, methods=["POST"]), Route("/work", listing)])


def main() -> None:
    work = WorkList(Path(os.environ.get("WORK") or Path(__file__).with_name("work.db")))
    app = create_app(os.environ["RPA_SECRET"], work)
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT") or 8200))


if __name__ == "__main__":
    main()
