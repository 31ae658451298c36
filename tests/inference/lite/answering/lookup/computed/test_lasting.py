"""How long it was between two printed days or times."""

import pytest

from tests.inference.lite.answering.lookup.computed.asking import Paper, answered, worked_out

TRACK = (
    "韵达快递 4631882709514",
    "2026-03-02 09:14 【杭州】快件已由驿站代签收",
    "2026-03-02 07:30 【杭州】派件员正在派送",
    "2026-02-27 20:10 【上海】快件已发出",
    "2026-02-26 17:45 【上海】已揽收",
)
HOTEL = (
    "梧桐里酒店 订单",
    "入住 | 2026-12-30 14:00",
    "离店 | 2027-01-02 12:00",
)
STAY = ("Hotel Aurora", "Check-in", "Fri, 30 Oct 2026", "Check-out", "Mon, 2 Nov 2026")
ORDER = (
    "订单编号 | 77210093518264",
    "下单时间 | 2026-11-19 22:31:40",
    "发货时间 | 2026-11-21 16:01:40",
)
DELIVERY = (
    "Order placed | 28 Nov 2026",
    "Dispatched | 30 Nov 2026",
    "Delivered | 4 Dec 2026",
)
REPAIR = ("送修日期：2026年1月20日", "验收日期：2026年2月3日")


@pytest.mark.parametrize(
    ("question", "paper", "said"),
    [
        ("从揽收到签收用了几天", TRACK, "2026-02-26 17:45 → 签收 2026-03-02 09:14 算，是 **4 天**"),
        ("一共住几晚", HOTEL, "是 **3 晚**"),
        ("how many nights is the stay?", STAY, "is **3 nights**"),
        ("从下单到发货隔了多久", ORDER, "是 **1 天 17 小时 30 分钟**"),
        ("下单到发货花了几天", ORDER, "是 **2 天**"),
        ("how many days from dispatch to delivery?", DELIVERY, "is **4 days**"),
        ("how long was it between order and delivery", DELIVERY, "is **6 days**"),
        ("从送修到验收过了多少天", REPAIR, "是 **14 天**"),
    ],
)
def test_the_time_between_is_told_with_its_ends(question: str, paper: Paper, said: str) -> None:
    assert said in answered(question, paper)


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        ("从揽收到签收用了几天", TRACK[2:]),
        ("从发货到签收多久", ORDER),
        ("住几晚", HOTEL[:2]),
        ("从揽收到派送几天", ("11-20 商家正通知快递公司揽收", "11-24 08:12 派送中")),
        ("from dispatch to delivery how many days", ("Dispatched | 03/04/2026", "Delivered | 9 Apr 2026")),
        ("多久能到", TRACK),
    ],
)  # fmt: skip
def test_an_end_that_is_not_printed_or_not_certain_is_not_guessed(
    question: str, paper: Paper
) -> None:
    assert worked_out(question, paper) == ""


def test_a_date_stands_above_or_below_its_time() -> None:
    paper = ("08:12 已签收", "11-24", "正在等您评价", "", "", "20:51 已揽收", "11-21")
    assert "是 **3 天**" in worked_out("从揽收到签收几天", paper)
