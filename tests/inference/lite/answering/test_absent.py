"""What a picture lacks is told as lacking: nothing of another kind is said in its place."""

import pytest

from tests.inference.lite.answering.test_parties import told
from tests.inference.lite.papers.lines import paper

ORDER = (
    "交易成功",
    "实付款 | ¥64.00",
    "订单编号 | 3310 4482 9917 0028 51",
    "支付宝交易号 | 2026102322001491382047715521",
    "创建时间 | 2026-10-23 20:11:40",
)
PAYMENT = (
    "支付成功",
    "-35.00",
    "交易单号 | 4200002861202611127730481596",
    "商户单号 | HT26111222095107",
)
E_MAIL = (
    "Thank you for your order",
    "Order number | GB-20411-7783",
    "Payment reference | 55100293847561",
    "Total | £18.40",
)
RECEIPT = (
    "乐家便民店 TEL 0571-87352206",
    "收银：小吴",
    "会员：139****5082",
    "合计 | 12.00",
)
NOTE = (
    "送货单",
    "客服电话：0510-83276651",
    "司机：蒋卫东 | 车号：苏B·7K309",
    "收货人：费晓兰",
)
CARD = (
    "产品保修卡",
    "型号 | KJ-200",
    "购买日期 | 2025.06.18",
    "销售门店 | 无锡八佰伴 2 楼",
    "超出保修期的上门检测费为每次50元，零件另计。",
)
MANUAL = (
    "Warranty certificate",
    "Model | AF-90",
    "Date of purchase | 18 June 2025",
    "After the warranty an inspection is charged at 35 euros each time, parts not included.",
)


@pytest.mark.parametrize(
    ("question", "rows", "never"),
    [
        ("快递单号是多少", ORDER, "3310"),
        ("运单号发我一下", PAYMENT, "4200002861202611127730481596"),
        ("发票号码是多少", ORDER, "3310"),
        ("what's the tracking number?", E_MAIL, "20411"),
        ("收银员手机号多少", RECEIPT, "5082"),
        ("司机电话多少", NOTE, "83276651"),
        ("当时多少钱买的", CARD, "50"),
        ("这个花了多少钱", CARD, "2025"),
        ("how much did I pay for it?", MANUAL, "35"),
        ("谁签收的", RECEIPT, "小吴"),
        ("谁付的钱", NOTE, "费晓兰"),
        ("who signed for it?", E_MAIL, "GB"),
        ("谁付的钱", ("转账成功", "¥500.00", "收款人 | 李秀英", "付款方式 | 零钱"), "李秀英"),
        ("多重", ORDER, "3310"),
    ],
)
def test_a_value_of_another_kind_is_not_said_for_the_one_that_is_missing(
    question: str, rows: tuple[str, ...], never: str
) -> None:
    made = told(question, paper(*rows))
    assert "没有写" in made or "does not show" in made
    assert never not in made
    assert "依据" not in made
    assert "Basis" not in made


@pytest.mark.parametrize(
    ("question", "rows", "said"),
    [
        ("订单编号是多少", ORDER, "3310"),
        ("客服电话多少", NOTE, "83276651"),
        ("司机是谁", NOTE, "蒋卫东"),
        ("谁给开的单", ("收费单", "开单医生：顾一鸣", "合计：¥20.00"), "顾一鸣"),
        ("实际付了多少钱", ORDER, "64.00"),
        ("how much did I pay?", E_MAIL, "18.40"),
        ("运单号是多少", ("安达快运", "运单号：AD 3381 2290 17", "订单号：8812730041"), "3381"),
        (
            "派件员电话多少",
            ("派件员：何涛", "派件员电话：13912340000", "客服 95311"),
            "13912340000",
        ),
    ],
)
def test_what_a_picture_shows_is_not_said_to_be_missing(
    question: str, rows: tuple[str, ...], said: str
) -> None:
    assert said in told(question, paper(*rows))
