"""What is hidden before anything is stored, and what must be left alone."""

import random
import re
import time
from pathlib import Path

import pytest

from gateway.store.mask import id_card, luhn, mask, mask_value
from gateway.store.readings import masked_readings

SCREENS = Path(__file__).parents[2] / "examples" / "screens" / "src"
WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]


def with_check_digit(seventeen: str) -> str:
    return (
        seventeen
        + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(seventeen, WEIGHTS, strict=True)) % 11]
    )


def with_luhn(digits: str) -> str:
    return next(digits + last for last in "0123456789" if luhn(digits + last))


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("手机13812345678", "手机138****5678"),
        ("电话：138 1234 5678，急", "电话：138****5678，急"),
        ("138-1234-5678 或 139-1234-5678", "138****5678 或 139****5678"),
        ("13812345678,13912345678", "138****5678,139****5678"),
        ("+86 138-1234-5678", "+86 138****5678"),
        ("0086-13812345678", "0086-138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("wx同号13812345678谢谢", "wx同号138****5678谢谢"),
        ("Call me at +1 (415) 555-2671", "Call me at +141****2671"),
        ("phone: +44 20 7946 0958", "phone: +442*****0958"),
        ("tel: 020-88886666", "tel: 020****6666"),
    ],
)
def test_a_phone_keeps_its_head_and_its_tail(text: str, stored: str) -> None:
    assert mask(text) == stored


def test_an_identity_card_with_its_check_digit_is_hidden() -> None:
    number = with_check_digit("11010119900307455")
    assert mask(f"我的号码是{number}，谢谢") == f"我的号码是110***********{number[-4:]}，谢谢"
    assert mask(f"{number[:6]} {number[6:14]} {number[14:]}") == f"110***********{number[-4:]}"
    assert mask(with_check_digit("11010119900307002").lower())[:6] == "110***"


def test_eighteen_digits_with_a_wrong_check_digit_are_somebodys_order_unless_called_an_identity_card() -> None:
    number = with_check_digit("11010119900307455")
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert mask(f"编码 {wrong}") == f"编码 {wrong}"
    assert wrong not in mask(f"身份证号：{wrong}")


@pytest.mark.parametrize("text", ["卡号 {}", "我的银行卡是{}", "{} 这张信用卡", "card number: {}", "收款账号：{}"])
def test_a_bank_card_is_hidden_where_a_word_says_card(text: str) -> None:
    number = with_luhn("622202123456789012")
    assert mask(text.format(number)) == text.format(f"6222{'*' * 11}{number[-4:]}")


def test_a_bank_card_in_groups_of_four_is_hidden_whatever_stands_behind_it() -> None:
    assert mask("4111 1111 1111 1111") == "4111********1111"
    assert mask("卡号 4111 1111 1111 1111 12/28") == "4111********1111".join(("卡号 ", " 12/28"))


@pytest.mark.parametrize("text", ["{}", "订单号 {}", "银行卡支付，订单号：{}", "流水号{}", "卡住了 {}", "order no. {}"])
def test_a_number_that_passes_luhn_and_is_no_card_stays(text: str) -> None:
    assert mask(text.format("4111111111111111")) == text.format("4111111111111111")


def test_mail_keeps_its_first_letter_and_its_domain() -> None:
    assert mask("联系我zhang.san@example.com，或 a@b.example.cn") == "联系我z***@example.com，或 a***@b.example.cn"


@pytest.mark.parametrize("label", ["订单号", "订单编号：", "运单号 ", "快递单号:", "发票号码：", "单号是", "Order #", "tracking number: ", "AWB "])  # fmt: skip
def test_a_number_behind_an_order_label_stays_even_if_it_looks_like_a_phone(label: str) -> None:
    assert mask(f"{label}13812345678") == f"{label}13812345678"


def test_the_phone_beside_an_order_number_is_hidden_all_the_same() -> None:
    stored = mask("运单号 SF13812345678901 收件人 张三 13812345678，订单号 13912345678")
    assert stored == "运单号 SF13812345678901 收件人 张三 138****5678，订单号 13912345678"


@pytest.mark.parametrize(
    "text", ["客服电话 400-123-4567", "10086", "¥13812345678.00", "2026-11-24 04:07:04", "91330106MA2K4TXN7C", "经度 138.12345678", "1.3812345678"]
)  # fmt: skip
def test_service_lines_amounts_times_and_codes_stay(text: str) -> None:
    assert mask(text) == text


def test_order_waybill_and_invoice_numbers_of_the_sample_screens_are_untouched() -> None:
    found = set()
    for screen in SCREENS.glob("*.html"):
        text = re.sub(r"<[^>]+>", " ", screen.read_text("utf-8"))
        numbers = set(re.findall(r"\b(?:QH|SF|YT)\d{8,}\b|\b\d{18,}\b", text))
        assert all(number in mask(text) for number in numbers), screen.name
        found |= numbers
    assert len(found) >= 5


def test_random_waybills_and_orders_are_untouched_and_masking_twice_is_masking_once() -> None:
    dice = random.Random(20261124)
    people = (
        "手机13812345678",
        "卡号 4111 1111 1111 1111",
        "a.b@example.com",
        "身份证" + with_check_digit("11010119900307455"),
    )
    for _ in range(2000):
        digits = "".join(dice.choice("0123456789") for _ in range(dice.randint(10, 20)))
        prefix = dice.choice(("SF", "YT", "ZTO", "QH", "JD", "1Z"))
        text = f"订单号：{digits}，运单 {prefix}{digits} {dice.choice(people)}"
        stored = mask(text)
        assert stored.startswith(f"订单号：{digits}，运单 {prefix}{digits} ")
        assert "*" in stored
        assert mask(stored) == stored


def test_random_sixteen_digit_numbers_with_no_word_beside_them_are_untouched() -> None:
    dice = random.Random(7)
    for _ in range(2000):
        number = dice.choice("123456789") + "".join(dice.choice("0123456789") for _ in range(15))
        assert mask(f"看一下 {number} 到哪了") == f"看一下 {number} 到哪了"


@pytest.mark.parametrize("text", ["a", "1", "1 ", "a@", "+1-", "订单", " ", "13812345678 ", "卡 4111 1111 1111 1111 "])
def test_no_text_however_long_takes_long(text: str) -> None:
    started = time.process_time()
    mask(text * (200_000 // len(text)))
    assert time.process_time() - started < 20  # a quadratic pattern takes minutes


def test_what_no_database_stores_is_replaced() -> None:
    assert mask("a\x00b\ud800c") == "a\ufffdb\ufffdc"


def test_a_reading_is_masked_in_its_fields_and_in_the_lines_they_came_from() -> None:
    card = with_luhn("622202123456789012")
    spaced = " ".join(card[start : start + 4] for start in range(0, 19, 4))
    reading = {
        "image": "file-1",
        "width": 10,
        "lines": [
            {"text": "卡号", "box": [0, 0, 1, 1]},
            {"text": spaced, "box": [0, 1, 1, 1]},
            {"text": "订单编号 QH202611180042317", "box": [0, 2, 1, 1]},
        ],
        "fields": [
            {"name": "bank_card", "value": card, "valid": True},
            {"name": "order_number", "value": "QH202611180042317", "valid": None},
            {"name": "phone", "value": "138****2046", "valid": True},
        ],
    }
    stored = masked_readings([reading])[0]
    assert card[4:-4] not in str(stored)
    assert stored["lines"][1]["text"] == f"6222{'*' * 11}{card[-4:]}"
    assert [field["value"] for field in stored["fields"][1:]] == ["QH202611180042317", "138****2046"]
    assert stored["lines"][2]["text"] == "订单编号 QH202611180042317"
    assert reading["fields"][0]["value"] == card  # the one who asked still sees it


def test_a_field_that_the_reader_calls_a_phone_is_one_whatever_its_form() -> None:
    assert mask_value("phone", "87654321") == "87****21"
    assert mask_value("order_number", "13812345678") == "13812345678"


def test_check_digits_are_the_standards() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert id_card("11010519491231002X")  # the example of GB 11643-1999
    assert not id_card("110105194912310021")
