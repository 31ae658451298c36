"""The app's error log, and messages to customers: stored here, where a real one would send them."""

import re
import sqlite3
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, Field

from examples.business.problems import not_found
from examples.business.store import Row, Store, every, one

HIDDEN = re.compile(r"(?<=^.)[^@]+(?=@)|(?<=^\d{3})\d{4}(?=\d{4}$)")


class Message(BaseModel):
    user: str = Field(min_length=1, max_length=128)
    channel: Literal["email", "sms"] = "email"
    subject: str = Field("", max_length=200)
    text: str = Field(min_length=1, max_length=2000)


def support(store: Store) -> APIRouter:
    router = APIRouter()

    @router.get("/errors")
    def errors(user: str, limit: Annotated[int, Query(ge=1, le=50)] = 5) -> dict[str, Any]:
        """This customer's errors, newest first."""
        query = "select time, app, code, text from errors where user = ? order by time desc limit ?"
        with store.reading() as db:
            found = every(db, query, user, limit)
        return {"count": len(found), "errors": found}

    @router.post("/notifications", status_code=201)
    def notify(
        body: Message, idempotency_key: Annotated[str | None, Header(max_length=128)] = None
    ) -> dict[str, Any]:
        return store.once(idempotency_key, body.model_dump(), lambda db: sent(db, body))

    @router.get("/notifications")
    def notifications(user: str) -> dict[str, Any]:
        """This customer's messages, newest first."""
        query = "select * from notifications where user = ? order by id desc"
        with store.reading() as db:
            return {"notifications": every(db, query, user)}

    return router


def sent(db: sqlite3.Connection, message: Message) -> Row:
    """Stores the message. The answer shows the address in part only. Raises Problem."""
    customer = one(db, "select * from customers where user = ?", message.user)
    if customer is None:
        raise not_found("顾客", "customer", message.user)
    recipient = customer["email" if message.channel == "email" else "phone"]
    made = {
        **message.model_dump(),
        "recipient": recipient,
        "created": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    number = db.execute(
        f"insert into notifications ({', '.join(made)}) values ({', '.join('?' * len(made))})",
        list(made.values()),
    ).lastrowid
    return {
        "id": number,
        "channel": message.channel,
        "recipient": HIDDEN.sub("***", recipient),
    }
