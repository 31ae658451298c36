"""A fine, a deposit or the tax is never answered with the total of the paper."""

import pytest

from inference.lite.answering.lookup.sorts import Sort, fits
from inference.lite.answering.lookup.sums import is_another
from tests.inference.lite.answering.test_parties import told
from tests.inference.lite.papers.lines import paper

LEASE = (
    "房屋租赁合同",
    "租金总额：36,000.00 元",
    "第五条 乙方逾期支付租金的，每逾期一日按月租金的 1% 支付违约金。",
    "第六条 乙方入住前交付押金 3,000.00 元。",
)
INVOICE = ("INVOICE", "Subtotal | £80.00", "Total charged | £96.00", "Includes VAT at 20% | £16.00")
BOOKING = ("订单已确认", "合计 | ¥640.00", "已付定金 | ¥200.00", "到店付款 | ¥440.00")
SLIP = ("DELIVERY RECEIPT", "Weight | Leeds, UK", "12.60 kg", "Pieces | 1")


@pytest.mark.parametrize(
    ("question", "rows", "said", "never"),
    [
        ("逾期一天罚多少", LEASE, "1%", "36,000"),
        ("押金是多少", LEASE, "3,000", "36,000"),
        ("how much tax was in there?", INVOICE, "16.00", "96.00"),
        ("定金交了多少", BOOKING, "200.00", "640"),
        ("how heavy is it?", SLIP, "12.60", "Leeds"),
    ],
)
def test_another_sum_is_no_answer(
    question: str, rows: tuple[str, ...], said: str, never: str
) -> None:
    made = told(question, paper(*rows))
    assert said in made
    assert never not in made


@pytest.mark.parametrize(
    ("question", "label", "field", "is_so"),
    [
        ("罚多少", "合同金额", "amount", True),
        ("how much was the deposit", "Total", "", True),
        ("不含税多少钱", "合计", "", False),
        ("连运费一共付了多少", "实付款", "amount", False),
        ("税是多少", "税额合计", "", False),
        ("一共多少钱", "合计", "amount", False),
    ],
)
def test_a_total_is_another_sum_than_the_one_that_is_named(
    question: str, label: str, field: str, is_so: bool
) -> None:
    assert is_another(question, label, field) is is_so


def test_a_date_is_no_sum_and_a_time_is_no_name() -> None:
    assert not fits("2025.03.08", Sort.MONEY)
    assert fits("2025.03", Sort.MONEY)
    assert not fits("收货时间 6:12", Sort.NAME, is_labelled=True)
    assert fits("11-24 6:12 由门卫签收", Sort.NAME)
