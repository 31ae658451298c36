"""The example business itself: what it knows, what it refuses, and that a key counts once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import requests

from examples.business.invoices import after_working_days
from tests.support.business import Business
from tests.support.paths import ROOT

PAID = "QH202611240061905"
INVOICE = "26332000000187405931"


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code. Every refusal has words in both languages."""
    error = answer.json()["error"]
    assert error["zh"]
    assert error["en"]
    assert error["message"] == error["zh"] + error["en"]
    return answer.status_code, error["code"]


def test_a_parcel_has_its_newest_event_first_and_the_carriers_estimate(business: Business) -> None:
    parcel = business.get("/parcels/SF1402857369214")
    times = [event["time"] for event in parcel["events"]]
    assert times == sorted(times, reverse=True)
    assert parcel["events"][0]["text"]["en"] == "left the Chengdu hub and is out for delivery"
    assert parcel["estimate"] == "2026-11-23 18:00"
    assert business.get("/parcels/YT8836201457790")["estimate"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/parcels/SF9999999999999",
        "/orders/QH000000000000000?user=demo",
        "/orders/QH202611230033871?user=demo",  # another customer's
        "/invoices/26332000000999000017?user=demo",  # another customer's
        "/stock/none",
        "/red-letters/RL1",
    ],
)
def test_what_is_not_there_or_not_the_customers_is_refused_alike(
    business: Business, path: str
) -> None:
    assert refusal(business.send("GET", path)) == (404, "not_found")


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic the-business-of-the-tests"])
def test_nothing_is_told_without_the_token(business: Business, token: str) -> None:
    answer = business.send("GET", "/parcels/SF1402857369214", headers={"authorization": token})
    assert refusal(answer) == (401, "unauthorized")


def test_a_body_that_is_wrong_is_refused_with_the_names_of_what_is(business: Business) -> None:
    answer = business.post(f"/orders/{PAID}/address", {"user": "demo", "address": "x"})
    assert refusal(answer) == (422, "invalid")
    assert "address" in answer.text


@pytest.mark.parametrize(
    ("number", "directly", "by_red_letter", "why"),
    [
        (INVOICE, False, True, "已经入账"),
        ("26512000000360274918", False, True, "不是本月"),
        ("26332000000740916385", False, False, "已经红字冲销"),
    ],
)
def test_an_invoice_says_whether_it_can_be_corrected_and_why_not(
    business: Business, number: str, directly: bool, by_red_letter: bool, why: str
) -> None:
    told = business.get(f"/invoices/{number}", user="demo")
    assert (told["reissue_directly"], told["can_request_red_letter"]) == (directly, by_red_letter)
    assert why in told["reason"]["zh"]


def test_one_key_makes_one_red_letter_request_however_often_it_comes(business: Business) -> None:
    path, body = f"/invoices/{INVOICE}/red-letters", {"user": "demo", "title": "云杉设计有限公司"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: business.post(path, body, "key-1"), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    made = answers[0].json()
    assert business.get(f"/red-letters/{made['number']}")["title"] == "云杉设计有限公司"
    assert made["expected"]["zh"] == "3—5 个工作日"
    assert refusal(business.post(path, body, "key-2")) == (409, "not_possible")
    assert made["number"] in business.get(f"/invoices/{INVOICE}", user="demo")["reason"]["en"]


def test_a_key_of_another_request_is_refused(business: Business) -> None:
    body = {"user": "demo", "text": "你好"}
    assert business.post("/notifications", body, "key").status_code == 201
    other = business.post("/notifications", {**body, "text": "再见"}, "key")
    assert refusal(other) == (422, "key_reused")
    assert [one["text"] for one in business.messages()] == ["你好"]


def test_cancelling_gives_the_articles_back_once_and_not_after_dispatch(business: Business) -> None:
    before = business.get("/stock/K1")["quantity"]
    for _ in range(2):
        answer = business.post(f"/orders/{PAID}/cancel", {"user": "demo"}, "key")
        assert (answer.status_code, answer.json()["refund"]) == (200, "218.40")
    assert business.get("/stock/K1")["quantity"] == before + 1
    assert business.get(f"/orders/{PAID}", user="demo")["state"] == "cancelled"
    again = business.post(f"/orders/{PAID}/cancel", {"user": "demo"})
    assert refusal(again) == (409, "not_possible")
    shipped = business.post("/orders/QH202611180042317/cancel", {"user": "demo"})
    assert refusal(shipped) == (409, "not_possible")
    assert "已发货" in shipped.text


def test_an_address_is_changed_before_dispatch_and_only_by_its_customer(business: Business) -> None:
    path, address = f"/orders/{PAID}/address", "上海市浦东新区世纪大道 88 号"
    assert refusal(business.post(path, {"user": "lin", "address": address})) == (404, "not_found")
    assert business.post(path, {"user": "demo", "address": address}).status_code == 200
    told = business.get(f"/orders/{PAID}", user="demo")
    assert told["address"] == address
    assert told["can_change_address"] is True


def test_a_customer_sees_the_own_errors_and_messages_only(business: Business) -> None:
    assert business.get("/errors", user="demo")["errors"][0]["code"] == "OAUTH_TOKEN_EXPIRED"
    assert business.get("/errors", user="nobody") == {"count": 0, "errors": []}
    sent = business.post("/notifications", {"user": "lin", "text": "好", "channel": "sms"})
    assert sent.json()["recipient"] == "139***5521"
    assert business.messages("lin")[0]["recipient"] == "13900005521"
    assert business.messages("demo") == []
    unknown = business.post("/notifications", {"user": "nobody", "text": "好"})
    assert refusal(unknown) == (404, "not_found")


def test_what_was_done_is_known_after_a_restart(tmp_path: Path) -> None:
    from examples.business.store import Store, one

    asked = {"cancel": PAID}
    first = Store(tmp_path / "business.db").once("key", asked, lambda _: {"done": 1})
    again = Store(tmp_path / "business.db")
    assert again.once("key", asked, lambda _: {"done": 2}) == first == {"done": 1}
    with again.reading() as db:
        assert one(db, "select quantity from stock where sku = 'K1'") == {"quantity": 12}


def test_the_expected_day_skips_weekends() -> None:
    friday = date(2026, 11, 27)
    assert after_working_days(friday, 1) == date(2026, 11, 30)
    assert after_working_days(friday, 5) == date(2026, 12, 4)


def test_without_a_token_it_does_not_start(tmp_path: Path) -> None:
    environ = {name: text for name, text in os.environ.items() if name != "BUSINESS_TOKEN"}
    command = [sys.executable, "-m", "examples.business", "--port", "0", "--data", str(tmp_path)]
    ended = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "Set BUSINESS_TOKEN: the token that callers must send."
