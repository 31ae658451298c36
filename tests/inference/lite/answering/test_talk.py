"""Paragraphs of pictures, and who said what in a chat."""

from dataclasses import replace

from inference.lite.answering import Reply, answer
from inference.lite.answering.paragraphs import paragraphs
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.fields import read_fields
from inference.lite.reading import Field, Line, Reading

BUBBLES = (
    ("青禾售后-晓雯", 300, 20),
    ("昨天 15:02", 340, 80),
    ("收到的杯子碎了一个", 420, 140),
    ("核实到了，这边给您补偿 35 元，原路退", 130, 220),
    ("回，您看可以吗", 130, 262),
    ("可以，我要 50 元", 460, 340),
    ("明天给您寄出新的", 130, 420),
)


def picture(lines: tuple[tuple[str, int, int], ...], kind: str) -> Reading:
    made = [Line(text, (left, top, 30 * len(text), 32), 0.99) for text, left, top in lines]
    return Reading("file-1", 780, 1_200, made, kind=kind)


def asked(question: str, reading: Reading) -> Reply:
    desk = desk_of({"locale": "zh-CN", "verdict": "none", "clauses": []})
    return answer(Conversation([Turn("user", question, [reading])], desk))


def test_a_message_goes_on_in_the_next_line() -> None:
    assert "核实到了，这边给您补偿 35 元，原路退回，您看可以吗" in paragraphs(
        picture(BUBBLES, "chat")
    )


def test_cells_labels_and_clauses_begin_anew() -> None:
    rows = (
        ("订单编号：QH202611240090127 的", 40, 20),
        ("创建时间：2026-11-24", 40, 60),
        ("第一条 甲方将库房租给乙方存放家电", 40, 100),
        ("第二条 租期三年", 40, 140),
        ("三明治 火腿蛋 加热 大份", 40, 180),
        ("12.80", 700, 180),
        ("拿铁", 40, 220),
    )
    assert paragraphs(picture(rows, "other")) == [text for text, _, _ in rows]


def test_the_other_side_is_quoted_where_it_is_asked_for() -> None:
    reply = asked("客服答应补偿多少钱？", picture(BUBBLES, "chat"))
    assert "补偿 35 元" in reply.text
    assert "50 元" not in reply.text


def test_what_a_side_said_is_told_without_a_word_in_common() -> None:
    reply = asked("what did the agent promise?", picture(BUBBLES, "chat"))
    assert "明天给您寄出新的" in reply.text
    assert "我要 50 元" not in reply.text


def test_a_contract_answers_with_its_clause_where_no_field_serves() -> None:
    lines = (
        ("仓库租赁合同", 300, 20),
        ("第一条 租期三年，自 2026 年 12 月 1 日起。", 40, 80),
        ("第二条 乙方逾期支付租金的，每日按欠付金额的万", 40, 140),
        ("分之五支付违约金。", 40, 180),
    )
    reply = asked("逾期的违约金怎么算", picture(lines, "contract"))
    assert "万分之五支付违约金" in reply.text


def test_the_reason_of_a_failure_is_said_whole() -> None:
    lines = (
        ("支付失败", 320, 60),
        ("该银行卡今日支付金额已超过上限，请更换", 120, 140),
        ("其他银行卡支付，或明天再试", 210, 182),
    )
    failed = replace(picture(lines, "payment"), fields=[Field("status", "支付失败")])
    reply = asked("为什么付不了款，怎么办", failed)
    assert "请更换其他银行卡支付，或明天再试" in reply.text


def test_bubbles_with_one_time_among_them_are_a_chat() -> None:
    assert read_fields(picture(BUBBLES, "other").lines)[0] == "chat"


def test_a_question_that_the_chat_has_asked_is_answered_by_its_answer() -> None:
    lines = (("Hello", 40, 20), ("Do I need to send the kettle back?", 300, 100))
    answered = (*lines, ("No, please recycle it", 40, 180))
    reply = asked("must I send the kettle back", picture(answered, "chat"))
    assert "No, please recycle it" in reply.text


def test_an_english_contract_names_its_parties_in_a_sentence() -> None:
    lines = (
        ("SERVICE AGREEMENT", 300, 20),
        ('This Agreement is made between Harbour Tools Ltd ("Provider") and', 40, 80),
        ('Millbrook School ("Client"). The Client shall pay 320 pounds.', 40, 120),
    )
    reply = asked("who are the parties?", picture(lines, "contract"))
    assert "Harbour Tools Ltd" in reply.text
    assert "Millbrook School" in reply.text


def test_each_part_of_a_question_gets_its_clause_of_a_contract() -> None:
    lines = (
        ("维修合同", 300, 20),
        ("1. 维修费用共计人民币 47,500 元。", 40, 80),
        ("2. 设备试机合格后 7 日内付清余款。", 40, 140),
        ("3. 质保期为 6 个月，人为损坏除外。", 40, 200),
    )
    reply = asked("维修费一共多少，余款什么时候付", picture(lines, "contract"))
    assert "47,500" in reply.text
    assert "试机合格后 7 日内" in reply.text
    assert "质保期" not in reply.text
