"""What is told of several values of a picture together: sums, counts, lengths, cards, causes."""

import pytest

from inference.lite.answering import Reply, answer
from inference.lite.budget import Budget
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.embedding.meaning import Meaning
from inference.lite.embedding.use import USE
from inference.lite.fields import read_fields
from inference.lite.reading import Line, Reading
from tests.inference.lite.papers.lines import paper

TILL = (
    "青山便民超市",
    "品名 | 数量 | 单价 | 金额",
    "鲜牛奶 950ml | 2 | 16.80 | 33.60",
    "纯牛奶 250ml | 1 | 59.90 | 59.90",
    "垃圾袋 | 3 | 6.50 | 19.50",
    "应收 | 113.00",
)
SHEET = (
    "1 | 日期 | 承运商 | 目的地 | 运费(元) | 保价费(元)",
    "2 | 11-02 | 顺丰 | 南宁 | 31.00 | 0.00",
    "3 | 11-03 | 德邦 | 昆明 | 64.50 | 5.00",
    "4 | 11-06 | 顺丰 | 厦门 | 46.50 | 3.00",
)
TAXI = (
    "出租汽车专用发票",
    "发票代码 | 131002685120",
    "发票号码 | 70318846",
    "上车 | 23:41",
    "下车 | 00:18",
    "金额 | 98.00元",
)
FAILED = (
    "转账失败",
    "¥12,800.00",
    "对方行返回：收款账号与户名不符，本行不予入账。",
    "款项已于 11-26 原路退回付款账户，请以余额为准。",
    "收款人 | 阮建波",
)
TICKET = (
    "电子发票（铁路电子客票）",
    "发票号码：26319166100003948215",
    "上海虹桥站 | G1376 | 长沙南站",
    "2026年11月20日 | 09:12开 | 07车12F号 | 二等座",
    "票价：¥478.00",
    "3301061990****2816 | 陆星遥",
)
# Cards with a gap between them.
PARCELS = (
    ("圆通 YT8841902735162", "待取件", "已到金桂苑南门驿站", "保温杯"),
    ("中通 78744310982607", "已签收", "您的快件已由门卫代收", "儿童雪地靴"),
    ("韵达 4631882709514", "运输中", "离开武汉邮件处理中心，预计 12-03 送达", "羊毛被"),
)


@pytest.fixture(scope="module")
def meaning() -> Meaning:
    return Meaning(USE().encode)


def reply(question: str, lines: list[Line], meaning: Meaning) -> Reply:
    kind, fields = read_fields(lines)
    reading = Reading("file-1", 1_200, 1_600, lines, fields, kind=kind)
    desk = desk_of({"locale": "zh-CN", "verdict": "none", "clauses": []})
    turns = [Turn("user", question, [reading])]
    return answer(Conversation(turns, desk, Budget(60), meaning))


def cards() -> list[Line]:
    return [
        Line(text, (40, 400 * number + 50 * at, 24 * len(text), 32), 0.99)
        for number, card in enumerate(PARCELS)
        for at, text in enumerate(card)
    ]


@pytest.mark.parametrize(
    ("question", "rows", "said"),
    [
        ("两种牛奶加一起多少钱", TILL, "33.60 + 纯牛奶 250ml 59.90 = **93.50**"),
        ("顺丰这个月几单 运费加保价一共多少钱", SHEET, "图中列了 **2** 项"),
        ("顺丰这个月几单 运费加保价一共多少钱", SHEET, "= **80.50**"),
        ("顺风的运费加保价一共多少", SHEET, "= **80.50**"),  # one wrong character
        ("坐了多久", TAXI, "上车 23:41，下车 00:18，共 **37 分钟**"),
        ("钱怎么没转过去啊", FAILED, "收款账号与户名不符"),
        ("那这钱退给我了没", FAILED, "是的，已经退款"),
        ("几号的哪趟车", TICKET, "乘车日期是 **2026年11月20日**"),
        ("几点发车", TICKET, "发车时间是 **09:12**"),
        ("坐哪个座位", TICKET, "座位是 **07车12F号**"),
        ("乘车人是谁", TICKET, "乘车人是 **陆星遥**"),
    ],
)
def test_several_values_are_told_together(
    meaning: Meaning, question: str, rows: tuple[str, ...], said: str
) -> None:
    assert said in reply(question, paper(*rows), meaning).text.replace("\\", "")


def test_what_has_happened_is_asked_of_the_picture_and_no_rule(meaning: Meaning) -> None:
    rows = ("退款详情", "退款金额 | ¥236.50", "退款账户 | 招商银行储蓄卡(8812)", "退款方式 | 原路")
    assert "8812" in reply("退到哪张卡了", paper(*rows), meaning).text


def test_money_that_went_back_is_no_fault(meaning: Meaning) -> None:
    rows = ("退款详情", "退款成功", "2026-11-27 11:06 已全部原路退回", "退款总额 | ¥316.40")
    assert "错误" not in reply("为什么比付的少", paper(*rows), meaning).text


def test_the_parcel_that_is_asked_for_is_told_and_no_other(meaning: Meaning) -> None:
    told = reply("哪个还在运输中 大概几号能到", cards(), meaning).text
    assert "预计 12-03 送达" in told
    assert "YT8841902735162" not in told
    assert "YT8841902735162" in reply("哪个到驿站了", cards(), meaning).text
