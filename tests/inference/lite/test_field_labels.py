"""Labels and the values that stand behind, beside or below them."""

import pytest

from inference.lite.fields import fields_in, read_fields
from tests.inference.lite.papers.lines import first, paper, values


@pytest.mark.parametrize(
    "text",
    [
        "订单编号 2026-11-09 10:32",
        "订单编号:13912345678",
        "订单号:2026/11/09",
        "zip code: 94105",
        "组织机构代码:123456789",
        "code 1234",
        "退款编号: 208817264419003756",
    ],
)
def test_a_date_a_phone_or_another_number_is_no_order_number_or_error_code(text: str) -> None:
    names = {field.name for field in fields_in(text)}
    assert not names & {"order_number", "error_code"}


def test_an_order_number_with_a_letter_among_its_digits_is_doubtful() -> None:
    found = first(fields_in("订单号 QH2O2611090078126"), "order_number")
    assert found is not None
    assert found.valid is False


def test_every_date_keeps_its_label() -> None:
    fields = fields_in("下单时间:2026-11-09 10:32:18 签收时间 2026年11月12日")
    assert [(one.value, one.label) for one in fields if one.name == "date"] == [
        ("2026-11-09 10:32:18", "下单时间"),
        ("2026年11月12日", "签收时间"),
    ]


def test_a_day_that_no_calendar_has_is_not_valid() -> None:
    found = first(fields_in("开票日期:2026-02-30"), "date")
    assert found is not None
    assert found.valid is False


def test_a_time_that_the_ocr_joined_to_its_day_is_whole() -> None:
    assert values(fields_in("支付时间2026年11月9日10:32:18"), "date") == ["2026年11月9日 10:32:18"]


def test_values_in_a_table_stand_under_their_labels() -> None:
    lines = paper("订单号 | 运单号 | 状态", "QH202611090078126 | YT8836201457790 | 已签收")
    fields = read_fields(lines)[1]
    assert values(fields, "order_number") == ["QH202611090078126"]
    assert values(fields, "waybill_number") == ["YT8836201457790"]
    assert values(fields, "status") == ["已签收"]


def test_traditional_chinese_labels_are_known_and_values_stay_as_written() -> None:
    fields = read_fields(
        paper("順豐速運", "運單號碼: SF2094771836052", "訂單編號: HK20261012-7734")
    )[1]
    assert values(fields, "carrier") == ["順豐速運"]
    assert values(fields, "waybill_number") == ["SF2094771836052"]
    assert values(fields, "order_number") == ["HK20261012-7734"]


def test_a_sentence_about_a_party_is_no_company() -> None:
    fields = read_fields(
        paper("甲方在收到乙方发票后15个工作日内付款。", "乙方:成都蓝川安装服务有限公司")
    )[1]
    assert values(fields, "company") == ["成都蓝川安装服务有限公司"]


def test_the_number_of_a_payment_is_not_the_orders() -> None:
    lines = paper(
        "账单详情",
        "交易单号 | 4200002114202611091234567890",
        "商户单号 | QH202611090078126",
    )
    kind, fields = read_fields(lines)
    assert kind == "payment"
    assert values(fields, "order_number") == ["QH202611090078126"]
    assert values(fields, "transaction_number") == ["4200002114202611091234567890"]


@pytest.mark.parametrize("label", ["收款方全称", "收款方", "收款商户", "商户全称"])
@pytest.mark.parametrize("between", [" | ", " ", ": "])
def test_the_receiver_of_a_payment_is_its_seller(label: str, between: str) -> None:
    lines = paper(
        "账单详情", "交易成功", f"{label}{between}景德镇木子陶瓷有限公司", "付款方式 | 余额宝"
    )
    kind, fields = read_fields(lines)
    assert (kind, values(fields, "seller")) == ("payment", ["景德镇木子陶瓷有限公司"])


def test_in_a_chat_the_number_answers_the_question_for_it() -> None:
    lines = paper("请提供一下订单号", " | LM2026110988214", "好的", "按住 说话")
    kind, fields = read_fields(lines)
    assert (kind, values(fields, "order_number")) == ("chat", ["LM2026110988214"])


def test_more_than_twelve_fields_are_kept() -> None:
    fields = read_fields(paper(*(f"订单编号: QH20261109{number:07}" for number in range(40))))[1]
    assert len(values(fields, "order_number")) == 40


def test_a_payment_that_failed_is_a_payment_and_a_failure_with_a_code_an_error() -> None:
    assert read_fields(paper("支付失败", "余额不足", "¥58.00"))[0] == "payment"
    assert read_fields(paper("支付失败", "错误代码：PAY-4031"))[0] == "error"


def test_a_date_in_words_is_a_day_of_the_calendar() -> None:
    rows = ("INVOICE", "Invoice date: 18 November 2026", "Payment due: 31 November 2026")
    dates = [one for one in read_fields(paper(*rows))[1] if one.name == "date"]
    assert [(one.label, one.valid) for one in dates] == [
        ("Invoice date", True),
        ("Payment due", False),
    ]


def test_a_year_of_two_digits_is_a_date_even_before_its_time() -> None:
    """Tills print it, and OCR loses the space."""
    _, fields = read_fields(paper("收银小票", "收银:006 | 11/27/2618:22"))
    found = first(fields, "date")
    assert found is not None
    assert (found.value, found.valid) == ("11/27/26 18:22", True)
