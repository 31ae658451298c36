"""The end of a printed period: from the right date, over ends of months, and never guessed."""

import pytest

from inference.lite.answering.lookup.computed.counted import PERIOD, Period, moved, period
from inference.lite.answering.lookup.computed.moments import When
from tests.inference.lite.answering.lookup.computed.asking import Paper, answered, worked_out

CARD = (
    "青岚净水器 保修凭证",
    "购机日期：2024-01-31 | 装机日期：2024-02-05",
    "保修条款",
    "整机自购机之日起保修1年；RO膜滤芯自装机之日起保修3个月。",
)
TWO_YEARS = (
    "NORTHWIND TOOLS",
    "Date of purchase | 29 February 2024",
    "Date of manufacture | 3 January 2024",
    "We guarantee this drill for two years from the date of purchase against faulty parts.",
)
BATTERY = (
    "电动车三包卡",
    "购买日期",
    "2026年08月31日",
    "电池三包期：自购买之日起半年，凭本卡及发票办理三包。",
)
PARCEL_BACK = (
    "签收时间：2026-11-20 18:22",
    "下单时间：2026-11-16 09:00",
    "自签收之日起7天内可申请无理由退货，吊牌须完好。",
)
EMAIL = (
    "From: hello@fernandco.example",
    "Sent: 3 Dec 2026 11:20",
    "Not happy? Return your order within 30 days of the date of this email and we refund you.",
)
GLASSES = (
    "Collected on | 14 Oct 2026",
    "Ordered on | 2 Oct 2026",
    "You may bring it back for a refund up to 28 days after the order date.",
)
RECEIVED = (
    "Order date | 2 Dec 2026",
    "Delivered | 9 Dec 2026",
    "You can send it back within 14 days of receiving your order.",
)
BUS = (
    "长途客运 车票",
    "发车时间 | 19:05",
    "检票口 | 7",
    "发车前5分钟停止检票，请提前到达。",
)
FERRY = (
    "COASTLINE FERRIES",
    "Departs | 07:40",
    "Gate | 3",
    "The gate closes 20 minutes before departure.",
)
FLIGHT = (
    "航班 | 登机口 | 登机时间 | 起飞时间",
    "CZ3102 | A21 | 23:50 | 00:10",
    "登机口在起飞前 15 分钟关闭",
)
CLINIC = (
    "Your appointment starts | 2026-12-01 09:30",
    "You can cancel free of charge up to 24 hours before the appointment starts.",
)
SHOP_CHAT = (
    "12月30日 上午9:12",
    "老板你们家的货怎么还没动静",
    "12月30日 上午9:20",
    "抱歉亲，从现在起72小时内保证给您发货",
)
PICKUP = (
    "取件通知",
    "到店时间：2026-12-30 10:00",
    "到货时间：2026-12-30 09:00",
    "请于到货后3天内自提，逾期退回。",
)


@pytest.mark.parametrize(
    ("question", "paper", "said"),
    [
        ("这台净水器保修到什么时候", CARD, "购机日期 2024-01-31 + 1年 算，是 **2025-01-31**"),
        ("滤芯的质保哪天到期", CARD, "2024-02-05 + 3个月 算，是 **2024-05-05**"),
        ("until when is the drill under guarantee?", TWO_YEARS, "+ two years is **2026-02-28**"),
        ("when does the warranty expire", TWO_YEARS, "29 February 2024"),
        ("电池三包到哪一天截止", BATTERY, "2026年08月31日 + 半年 算，是 **2027-02-28**"),
        ("最晚哪天能退", PARCEL_BACK, "2026-11-20 18:22 + 7天 算，是 **2026-11-27**"),
        ("what is the last day to return it", EMAIL, "+ 30 days is **2027-01-02**"),
        ("until what date can I bring it back?", GLASSES, "2 Oct 2026 + 28 days is **2026-10-30**"),
        ("by when must I return it", RECEIVED, "Delivered 9 Dec 2026 + 14 days is **2026-12-23**"),
        ("最晚几点检票", BUS, "19:05 − 5分钟 算，是 **19:00**"),
        ("what time does the gate close?", FERRY, "07:40 − 20 minutes is **07:20**"),
        ("until when can I cancel for free?", CLINIC, "is **2026-11-30 09:30**"),
        ("他们最晚什么时候发货", SHOP_CHAT, "+ 72小时 算，是 **1 月 2 日 09:20**"),
        ("最晚哪天去取货", PICKUP, "到货时间"),
    ],
)
def test_the_end_is_told_with_its_terms(question: str, paper: Paper, said: str) -> None:
    assert said in answered(question, paper)


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        # The time before midnight is on another day, which is not printed.
        ("登机口最晚几点关", FLIGHT),
        ("几点开始登机", FERRY),
        ("保修多久", CARD),
        # These ask for something else, with words of a warranty or of a return.
        ("最后的质保金是多少钱", CARD),
        ("退到哪张卡了", PARCEL_BACK),
        ("保修过期了，维修要不要收费", CARD),
        # Working days; another thing's period; no date; two dates; a printed end.
        ("最晚哪天退款", ("签收时间：2026-11-20", "自签收之日起7个工作日内办理退货退款。")),
        ("最晚哪天能退货", CARD),
        ("保修到哪天", ("保修凭证", "自购买之日起整机保修24个月。")),
        ("保修到哪天", ("购买日期：2026-01-02", "购买日期：2026-03-04", "自购买之日起保修一年。")),
        ("保修到哪天", ("购买日期：2026-01-02", "自购买之日起保修一年。", "保修截止：2027-06-30")),
        # 3 April or 4 March.
        ("until when is it under warranty", ("Purchased | 03/04/2026", "Warranty: 12 months from the date of purchase.")),
        # 28 or 29 February, as the year is not printed.
        ("最晚哪天自提", ("到货日期：2月27日", "请于到货后3天内自提，逾期退回。")),
    ],
)  # fmt: skip
def test_nothing_is_worked_out_without_certain_terms(question: str, paper: Paper) -> None:
    assert "算" not in worked_out(question, paper)
    assert "by the picture" not in worked_out(question, paper)


def test_of_two_periods_that_may_be_meant_both_are_quoted() -> None:
    paper = ("购买日期：2026-01-02", "自购买之日起，灯头保修1年，灯杆保修3年。")
    assert "灯头保修1年，灯杆保修3年" in worked_out("保修到哪天", paper)
    assert "**2029-01-02**" in worked_out("灯杆保修到哪天", paper)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1个月", When(2026, 1, 31), When(2026, 2, 28)),
        ("十二个月", When(2024, 2, 29), When(2025, 2, 28)),
        ("18 months", When(2026, 8, 31), When(2028, 2, 29)),
        ("两周", When(2026, 12, 25), When(2027, 1, 8)),
        ("48小时", When(2026, 2, 27), When(2026, 3, 1)),
        ("36小时", When(2026, 2, 27), None),
        ("3天", When(0, 12, 30), When(0, 1, 2)),
        ("30天", When(0, 2, 10), None),
        ("5个工作日", When(2026, 2, 10), None),
    ],
)
def test_months_end_where_they_end(text: str, start: When, end: When | None) -> None:
    match = PERIOD.search(text)
    assert match is not None
    by = period(match)
    assert isinstance(by, Period)
    assert moved(start, by, 1) == end
