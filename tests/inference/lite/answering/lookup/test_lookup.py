"""What a picture's own words answer: labels by meaning, cells of tables, whole lists, messages."""

import pytest

from inference.lite.answering import Reply, answer
from inference.lite.answering.lookup.sorts import Sort, asked, fits
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.embedding.meaning import Meaning
from inference.lite.embedding.use import USE
from inference.lite.fields import read_fields
from inference.lite.reading import Reading
from tests.inference.lite.papers.lines import paper

CLAUSE = {
    "id": "postage",
    "title": "退货运费",
    "clause": "2.1",
    "score": 0.9,
    "text": "无理由退货的寄回运费由顾客承担，有质量问题的由商家承担，上限 25 元。",
}
PUMP = (
    "青山加油站",
    "油品：95# 车用汽油",
    "油枪：07",
    "数量：36.95 升",
    "实付：288.00元",
    "车牌：京N·6Q182",
)
TRANSFER = (
    "转账成功",
    "转账金额 | ¥2,650.00",
    "手续费 | ¥2.00",
    "收款人 | 陈晓蕾",
    "收款银行 | 中国农业银行",
    "付款账户 | 工资卡6621",
)
BILL = (
    "项目名称 | 规格型号 | 单位 | 数量 | 单价 | 金额",
    "*文具*复印纸 | 70g | 箱 | 5 | 119.47 | 597.35",
    "*设备*硒鼓 | CF-230 | 支 | 2 | 154.87 | 309.74",
    "合计 | ¥907.09",
)
DINNER = (
    "蜀香川菜馆",
    "水煮牛肉 | 1 | 68.00",
    "麻婆豆腐 | 1 | 26.00",
    "米饭 | 4 | 12.00",
    "合计 | 106.00",
)
SHOP = (
    "BLUE HERON BOOKS",
    "Sale #10-55832",
    "Clerk: Ivo",
    "The Long Orchard (HB) | 28.00",
    "Pocket Atlas | 14.50",
    "Total | 42.50",
)


@pytest.fixture(scope="module")
def meaning() -> Meaning:
    return Meaning(USE().encode)


def reply(question: str, rows: tuple[str, ...], meaning: Meaning | None) -> Reply:
    kind, fields = read_fields(paper(*rows))
    reading = Reading("file-1", 1_200, 800, paper(*rows), fields, kind=kind)
    desk = desk_of({"locale": "zh-CN", "verdict": "answer", "clauses": [CLAUSE]})
    turns = [Turn("user", question, [reading])]
    return answer(Conversation(turns, desk, meaning=meaning))


@pytest.mark.parametrize(
    ("question", "rows", "said"),
    [
        ("几号枪加的", PUMP, "油枪是 **07**"),
        ("转给哪家银行了", TRANSFER, "收款银行是 **中国农业银行**"),
        ("who served me?", SHOP, "The Clerk is **Ivo**"),
    ],
)
def test_a_label_is_found_by_what_it_means(
    meaning: Meaning, question: str, rows: tuple[str, ...], said: str
) -> None:
    made = reply(question, rows, meaning)
    assert said in made.text
    assert not made.citations  # no clause beside what the picture answers


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("硒鼓什么型号", "硒鼓的规格型号是 **CF-230**"),
        ("复印纸买了几箱", "复印纸的数量是 **5**"),
        ("硒鼓一支多少钱", "硒鼓的单价是 **154.87**"),
        ("硒鼓多少钱", "硒鼓的金额是 **309.74**"),
    ],
)
def test_a_cell_is_found_by_its_row_and_its_head(
    meaning: Meaning, question: str, said: str
) -> None:
    assert said in reply(question, BILL, meaning).text.replace("\\", "")


def test_the_dearest_of_a_list_is_told_and_the_total_is_none_of_it(meaning: Meaning) -> None:
    assert "是 **水煮牛肉**：**68.00**" in reply("最贵的菜是哪个", DINNER, meaning).text
    assert "是 **米饭**：**12.00**" in reply("最便宜的是哪个", DINNER, meaning).text
    told = reply("what's the most expensive book?", SHOP, meaning).text
    assert "**The Long Orchard (HB)**: **28.00**" in told
    assert "3" in reply("一共点了几样菜", DINNER, meaning).text


def test_a_value_of_another_sort_is_no_answer(meaning: Meaning) -> None:
    assert "**" not in reply("谁签收的", PUMP, meaning).text


def test_a_question_for_the_rule_gets_the_rule_beside_a_paper(meaning: Meaning) -> None:
    assert reply("退货运费谁出", BILL, meaning).citations == ["postage"]


def test_words_alone_find_a_label_while_the_models_are_loaded() -> None:
    assert "车牌是 **京N·6Q182**" in reply("车牌号多少", PUMP, None).text


@pytest.mark.parametrize(
    ("question", "sort"),
    [
        ("谁开的", Sort.NAME),
        ("几号发货", Sort.TIME),
        ("坐几号桌", Sort.NUMBER),
        ("押金多少", Sort.MONEY),
        ("多少个工作日到账", Sort.LENGTH),
        ("为啥没付成功", Sort.REASON),
        ("how many boxes?", Sort.COUNT),
        ("where was it left?", Sort.PLACE),
        ("押金退吗", None),
        ("这是什么", None),
    ],
)
def test_a_question_says_what_sort_of_value_it_wants(question: str, sort: Sort | None) -> None:
    assert asked(question) is sort


def test_a_value_is_of_a_sort() -> None:
    assert fits("2026-11-28 21:05", Sort.TIME)
    assert fits("合同签订后 5 个工作日内", Sort.LENGTH)
    assert not fits("¥12.00", Sort.NAME)
    assert not fits("2026-11-21 18:03", Sort.NUMBER)
    assert not fits("JT5273940186620", Sort.PHONE)
