"""Invoices of the ERP: whether one can be corrected, and requests for a red-letter invoice.

A red-letter invoice cancels one that was issued; the right one is issued after it. An invoice of
this month that the buyer has not booked yet is simply reissued.
"""

import sqlite3
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field

from examples.business.problems import Problem, not_found
from examples.business.store import Row, Store, one

WORKING_DAYS = 5  # until the new invoice is there, at the latest
EXPECTED = {"zh": "3—5 个工作日", "en": "3–5 working days"}
REASONS = {
    "reissue": {
        "zh": "本月开具，购买方尚未入账，可以直接换开",
        "en": "it was issued this month and is not booked yet, so it can be reissued directly",
    },
    "booked": {
        "zh": "购买方已经入账，不能直接换开，可以先红字冲销再重开",
        "en": "the buyer has already booked it, so it cannot be reissued directly: "
        "a red-letter invoice has to cancel it first",
    },
    "older": {
        "zh": "不是本月开具，不能直接换开，可以先红字冲销再重开",
        "en": "it was issued in an earlier month, so it cannot be reissued directly: "
        "a red-letter invoice has to cancel it first",
    },
    "requested": {
        "zh": "已经提交过红字冲销申请 {}，不能重复申请",
        "en": "the red-letter request {} for it exists already, so there cannot be another one",
    },
    "cancelled": {
        "zh": "已经红字冲销，不能再更正",
        "en": "it was cancelled by a red-letter invoice and cannot be corrected any more",
    },
}


class RedLetter(BaseModel):
    user: str = Field(min_length=1, max_length=128)
    title: str = Field(min_length=2, max_length=100)
    tax_number: str | None = Field(None, pattern=r"^[0-9A-Z]{15,20}$")


def invoices(store: Store) -> APIRouter:
    router = APIRouter()

    @router.get("/invoices/{number}")
    def check(number: str, user: str) -> dict[str, Any]:
        """The invoice, and whether a wrong title or tax number on it can be corrected."""
        with store.reading() as db:
            invoice = invoice_of(db, number, user)
            return {**invoice, **verdict(db, invoice)}

    @router.post("/invoices/{number}/red-letters", status_code=201)
    def request(
        number: str,
        body: RedLetter,
        idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
    ) -> dict[str, Any]:
        asked = {"red_letter": number, **body.model_dump()}
        return store.once(idempotency_key, asked, lambda db: requested(db, number, body))

    @router.get("/red-letters/{number}")
    def red_letter(number: str) -> dict[str, Any]:
        with store.reading() as db:
            found = one(db, "select * from red_letters where number = ?", number)
        if found is None:
            raise not_found("红字申请", "red-letter request", number)
        return found

    return router


def invoice_of(db: sqlite3.Connection, number: str, user: str) -> Row:
    """Raises Problem where this customer has no such invoice."""
    found = one(db, "select * from invoices where number = ? and user = ?", number, user)
    if found is None:
        raise not_found("发票", "invoice", number)
    return found


def verdict(db: sqlite3.Connection, invoice: Row) -> Row:
    """`reissue_directly`: without cancelling it. `can_request_red_letter`: by cancelling it first.
    `reason`: why, in words."""
    requested = one(db, "select number from red_letters where invoice = ?", invoice["number"])
    if invoice["state"] == "cancelled":
        why = "cancelled"
    elif requested:
        why = "requested"
    elif invoice["booked"]:
        why = "booked"
    elif invoice["issued"][:7] != date.today().isoformat()[:7]:
        why = "older"
    else:
        why = "reissue"
    number = requested["number"] if requested else ""
    return {
        "reissue_directly": why == "reissue",
        "can_request_red_letter": why in ("booked", "older", "reissue"),
        "reason": {language: text.format(number) for language, text in REASONS[why].items()},
    }


def requested(db: sqlite3.Connection, number: str, body: RedLetter) -> Row:
    """Records the request. Raises Problem where the invoice allows none."""
    invoice = invoice_of(db, number, body.user)
    told = verdict(db, invoice)
    if not told["can_request_red_letter"]:
        why = told["reason"]
        raise Problem(409, "not_possible", f"发票 {number} {why['zh']}。", f"Refused: {why['en']}.")
    today = date.today()
    count = db.execute("select count(*) from red_letters").fetchone()[0]
    made = {
        "number": f"RL{today:%Y%m%d}{count + 1:04}",
        "invoice": number,
        "title": body.title,
        "tax_number": body.tax_number or invoice["tax_number"],
        "state": "submitted",
        "created": today.isoformat(),
        "expected_by": after_working_days(today, WORKING_DAYS).isoformat(),
    }
    db.execute(
        f"insert into red_letters ({', '.join(made)}) values ({', '.join('?' * len(made))})",
        list(made.values()),
    )
    return {**made, "expected": EXPECTED}


def after_working_days(day: date, count: int) -> date:
    """`count` days from Monday to Friday after `day`; holidays are not known here."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
