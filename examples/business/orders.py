"""Orders and stock: looking one up, cancelling it, and changing its address before dispatch."""

import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field

from examples.business.problems import Problem, not_found
from examples.business.store import Row, Store, one

STATES = {
    "unpaid": {"zh": "待付款", "en": "waiting for payment"},
    "paid": {"zh": "待发货", "en": "paid, not dispatched yet"},
    "shipped": {"zh": "已发货", "en": "dispatched"},
    "done": {"zh": "已完成", "en": "completed"},
    "cancelled": {"zh": "已取消", "en": "cancelled"},
}
NOT_DISPATCHED = ("unpaid", "paid")
Key = Annotated[str | None, Header(alias="idempotency-key", max_length=128)]


class Cancel(BaseModel):
    user: str = Field(min_length=1, max_length=128)
    reason: str = Field("", max_length=500)


class Address(BaseModel):
    user: str = Field(min_length=1, max_length=128)
    address: str = Field(min_length=5, max_length=200)


def orders(store: Store) -> APIRouter:
    router = APIRouter()

    @router.get("/orders/{number}")
    def status(number: str, user: str) -> dict[str, Any]:
        with store.reading() as db:
            return described(db, order_of(db, number, user))

    @router.post("/orders/{number}/cancel")
    def cancel(number: str, body: Cancel, idempotency_key: Key = None) -> dict[str, Any]:
        asked = {"cancel": number, **body.model_dump()}
        return store.once(idempotency_key, asked, lambda db: cancelled(db, number, body))

    @router.post("/orders/{number}/address")
    def change_address(number: str, body: Address, idempotency_key: Key = None) -> dict[str, Any]:
        asked = {"address": number, **body.model_dump()}
        return store.once(idempotency_key, asked, lambda db: readdressed(db, number, body))

    @router.get("/stock/{sku}")
    def stock(sku: str) -> dict[str, Any]:
        with store.reading() as db:
            found = one(db, "select * from stock where sku = ?", sku)
        if found is None:
            raise not_found("商品", "article", sku)
        return found

    return router


def order_of(db: sqlite3.Connection, number: str, user: str) -> Row:
    """Raises Problem where this customer has no such order."""
    found = one(db, "select * from orders where number = ? and user = ?", number.upper(), user)
    if found is None:
        raise not_found("订单", "order", number)
    return found


def described(db: sqlite3.Connection, order: Row) -> Row:
    """The order with its article's name, its state in words, and what can still be changed."""
    article = one(db, "select name from stock where sku = ?", order["sku"])
    assert article is not None, "the sample data has each ordered article"
    is_open = order["state"] in NOT_DISPATCHED
    told = {"status": STATES[order["state"]], "article": article["name"]}
    return {**order, **told, "can_cancel": is_open, "can_change_address": is_open}


def cancelled(db: sqlite3.Connection, number: str, body: Cancel) -> Row:
    """Cancels the order and puts its articles back into stock. Raises Problem after dispatch."""
    order = order_of(db, number, body.user)
    check_not_dispatched(order, "取消", "cancelled")
    db.execute("update orders set state = 'cancelled' where number = ?", (order["number"],))
    db.execute(
        "update stock set quantity = quantity + ? where sku = ?", (order["quantity"], order["sku"])
    )
    refund = order["amount"] if order["state"] == "paid" else "0.00"
    return {**described(db, {**order, "state": "cancelled"}), "refund": refund}


def readdressed(db: sqlite3.Connection, number: str, body: Address) -> Row:
    """Raises Problem after dispatch."""
    order = order_of(db, number, body.user)
    check_not_dispatched(order, "改地址", "sent to another address")
    db.execute("update orders set address = ? where number = ?", (body.address, order["number"]))
    return described(db, {**order, "address": body.address})


def check_not_dispatched(order: Row, what_zh: str, what_en: str) -> None:
    if order["state"] in NOT_DISPATCHED:
        return
    state = STATES[order["state"]]
    raise Problem(
        409,
        "not_possible",
        f"订单 {order['number']} {state['zh']}，不能{what_zh}。",
        f"Order {order['number']} is {state['en']} and cannot be {what_en}.",
    )
