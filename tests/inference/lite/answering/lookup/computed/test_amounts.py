"""Sums and differences of printed amounts, with their terms."""

import pytest

from inference.lite.reading import Line
from tests.inference.lite.answering.lookup.computed.asking import Paper, answered, worked_out

MARKET = (
    "百汇生鲜",
    "小计 | 176.00",
    "会员优惠 | -17.60",
    "代金券 | -20.00",
    "抹零 | -0.40",
    "实收 | 138.00",
)
TAKEAWAY = (
    "商品金额 | ¥58.00",
    "打包费 | ¥2.00",
    "配送费 | ¥5.00",
    "满50减12 | -¥12.00",
    "店铺红包 | -¥3.50",
    "实付 | ¥49.50",
)
BASKET = (
    "Subtotal | £80.00",
    "Spring promo | -£8.00",
    "Loyalty voucher | -£5.00",
    "Postage | £3.95",
    "Total paid | £70.95",
)
PAID = (
    "账单详情",
    "交易金额 | ¥320.00",
    "退款金额 | ¥45.50",
    "交易单号 | 4200002711202611091234567890",
)
CARD_SLIP = ("Amount paid | $64.90", "Refund issued | $12.40", "Reference | 55123")
PARTLY = [
    Line("-89.00", (300, 0, 240, 64), 0.99),
    *[
        Line(text, (left, top, 24 * len(text), 28), 0.99)
        for left, top, text in (
            (30, 100, "当前状态"),
            (300, 100, "已部分退款(￥20.00)"),
            (30, 160, "交易单号"),
            (300, 160, "4200002711202611091234567890"),
        )
    ],
]
RENOVATION = (
    "装修合同",
    "合同总价：人民币 90,000.00 元",
    "签约当日支付 30% 即 27,000.00 元，水电验收后支付 40% 即 36,000.00 元，余款竣工验收后七日内付清。",
)
SUPPLY = (
    "PURCHASE AGREEMENT",
    "The contract price is $12,000.00.",
    "The buyer pays 25% ($3,000.00) on signing and 50% ($6,000.00) on delivery; the balance is due after acceptance.",
)
KITCHEN = ("橱柜订货单", "总价 | 8,600.00", "定金 | 2,000.00", "送货日期 | 2026-12-08")
DEPOSIT = ("Booking", "Total price | €940.00", "Deposit paid | €188.00")


@pytest.mark.parametrize(
    ("question", "paper", "said"),
    [
        ("总共省了多少钱", MARKET, "17.60 + 代金券 20.00 + 抹零 0.40 算，共优惠 **38.00**"),
        ("这单一共优惠了多少", TAKEAWAY, "共优惠 **15.50**"),
        ("how much did I save in total?", BASKET, "8.00 + Loyalty voucher 5.00: **13.00** off in all"),
        ("减去退款，我实际付了多少", PAID, "320.00 − 退款金额 45.50 算，是 **¥274.50**"),
        ("after the refund, how much did it cost me", CARD_SLIP, "64.90 − refund 12.40 is **$52.50**"),
        ("退完之后到底花了多少钱", PARTLY, "89.00 − 退款金额 20.00 算，是 **¥69.00**"),
        ("尾款是多少", RENOVATION, "90,000.00 − 27,000.00 − 36,000.00 算，是 **¥27,000.00**"),
        ("how much is the balance?", SUPPLY, "12,000.00 − 3,000.00 − 6,000.00 is **$3,000.00**"),
        ("还剩多少没付", KITCHEN, "8,600.00 − 2,000.00 算，是 **6,600.00**"),
        ("how much do I still owe", DEPOSIT, "940.00 − 188.00 is **€752.00**"),
    ],
)  # fmt: skip
def test_the_result_is_told_with_its_terms(question: str, paper: Paper, said: str) -> None:
    assert said in answered(question, paper)


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        # An instalment that is not its share of the total: one of the two is misread.
        ("尾款是多少", tuple(row.replace("27,000", "21,000") for row in RENOVATION)),
        # The balance is printed.
        ("还剩多少没付", (*KITCHEN, "尾款 | 6,500.00")),
        ("还剩多少没付", ("总价 | 8,600.00", "总价 | 8,800.00", "定金 | 2,000.00")),
        ("how much do I still owe", ("Total price | €940.00", "Deposit paid | $188.00")),
        # Two refunds: they may be one refund's parts.
        ("减去退款实际付了多少", (*PAID, "已退款 | ¥12.00")),
        ("after the refund, how much did it cost me", CARD_SLIP[1:]),
        ("会员优惠一共多少", MARKET),
        ("一共优惠多少", (*TAKEAWAY, "共优惠 | ¥15.50")),
        ("一共多少钱", MARKET),
    ],
)
def test_nothing_is_worked_out_without_certain_terms(question: str, paper: Paper) -> None:
    assert worked_out(question, paper) == ""


def test_reductions_that_do_not_lead_to_a_printed_total_are_listed() -> None:
    paper = tuple(row.replace("138.00", "139.90") for row in MARKET)
    said = worked_out("总共省了多少钱", paper)
    assert "代金券 -20.00" in said
    assert "38.00" not in said
