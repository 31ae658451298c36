"""Questions whose words are not those of the label: 几点上飞机 is behind 登机时间."""

import pytest

from inference.lite.embedding.meaning import Meaning
from inference.lite.embedding.use import USE
from tests.inference.lite.answering.lookup.test_lookup import reply

FAULT = (
    "18:40",
    "连接服务器失败",
    "错误代码：SRV-2207",
    "报错时间 | 2026-11-20 09:31:05",
    "固件版本 | 3.4.1",
    "客户端版本 | 5.8.0",
    "系统版本 | HarmonyOS 4.2",
    "设备序列号 | KQ7-20931",
)
CRASH = (
    "Something went wrong",
    "Error code: CAM-1184",
    "Occurred at | 21 Nov 2026 14:02",
    "App version | 2.9.7",
    "Firmware | 1.1.30",
    "Serial number | CX-88120",
)
PASS = (
    "航班 | HX 2208",
    "登机时间 | 06:25",
    "起飞时间 | 07:05",
    "到达时间 | 09:40",
    "登机口 | D33",
    "座位 | 21C",
)
SHEET = (
    "毛重 | 18.6 kg",
    "件数 | 3",
    "声明价值 | ¥1,200.00",
    "存放点 | 2号楼门卫",
)
BILL = (
    "Rowan & Sons Hardware",
    "Claw hammer | 1 | £18.00",
    "Wood screws | 2 | £7.00",
    "Subtotal | £25.00",
    "Delivery | £3.90",
    "Of which VAT at 20% | £4.82",
    "Total paid | £28.90",
)
CARD = (
    "购买日期 | 2025-06-01",
    "安装日期 | 2025-06-09",
    "出厂日期 | 2025-02-17",
    "安装师傅 | 邱建国",
    "机身编号 | QD-7731-A",
)
LEASE = (
    "房 屋 租 赁 合 同",
    "甲方（出租人）：何美兰",
    "乙方（承租人）：杜一鸣",
    "1. 月租金为 3,200.00 元，押金 6,400.00 元。",
    "2. 乙方逾期付租的，每逾期一日按月租金的 0.5% 支付违约金。",
    "3. 甲方逾期交房的，每逾期一日按月租金的 1% 支付违约金。",
    "甲方（签字）： | 乙方（签字）：",
)


@pytest.fixture(scope="module")
def meaning() -> Meaning:
    return Meaning(USE().encode)


@pytest.mark.parametrize(
    ("question", "rows", "said"),
    [
        ("我软件现在是什么版本", FAULT, "**5.8.0**"),
        ("固件多少", FAULT, "**3.4.1**"),
        ("什么时候出的错", FAULT, "**2026-11-20 09:31:05**"),
        ("机器的SN是多少", FAULT, "**KQ7-20931**"),
        ("which app version am i on?", CRASH, "**2.9.7**"),
        ("when did it crash", CRASH, "21 Nov 2026 14:02"),
        ("几点可以上飞机", PASS, "**06:25**"),
        ("几点开呀", PASS, "**07:05**"),
        ("几点落地", PASS, "**09:40**"),
        ("在哪个口登机", PASS, "**D33**"),
        ("货有多重啊", SHEET, "**18.6 kg**"),
        ("保了价没 值多少钱", SHEET, "**¥1,200.00**"),
        ("how much vat did i pay?", BILL, "**£4.82**"),
        ("how much of that is tax", BILL, "**£4.82**"),
        ("哪天装的", CARD, "**2025-06-09**"),
        ("谁来装的", CARD, "**邱建国**"),
        ("啥时候生产的", CARD, "**2025-02-17**"),
        ("房东晚交房罚多少", LEASE, "1%"),
        ("租客晚付房租一天罚多少", LEASE, "0.5%"),
    ],
)
def test_a_label_is_found_by_what_people_call_it(
    meaning: Meaning, question: str, rows: tuple[str, ...], said: str
) -> None:
    assert said in reply(question, rows, meaning).text.replace("\\", "")


def test_a_question_for_the_error_itself_is_told_by_its_code(meaning: Meaning) -> None:
    assert "SRV-2207" in reply("这个错误怎么解决", FAULT, meaning).text
    assert "5.8.0" not in reply("怎么更新版本", FAULT, meaning).text


def test_a_label_of_something_else_is_no_answer(meaning: Meaning) -> None:
    without = tuple(row for row in FAULT if "客户端" not in row)
    assert "3.4.1" not in reply("我软件现在是什么版本", without, meaning).text
    closed = reply("登机口几点关", PASS, meaning).text
    assert "**07:05**" not in closed
    assert "**06:25**" not in closed
