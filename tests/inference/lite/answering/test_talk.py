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


def test_a_short_last_line_belongs_to_its_message_where_the_chat_shows_one_time() -> None:
    lines = (
        ("木语家具旗舰店", 274, 30),
        ("11月25日晚上20:41", 279, 102),
        ("我订的餐桌到底几号发货", 320, 183),
        ("能不能快点，我急着用", 340, 300),
        ("您好，餐桌是定制款，工期较长", 132, 420),
        ("已经帮您备注加急，最快12月", 132, 608),
        ("6 日", 129, 651),
    )
    kind, _ = read_fields(picture(lines, "other").lines)
    assert kind == "chat"
    assert "最快12月6 日" in asked("卖家说最快什么时候发货？", picture(lines, kind)).text


TURNS = (
    ("乐步鞋业客服07", 260, 17),
    ("鞋子大了一码，要退货，寄到哪", 200, 103),
    ("退货地址：福建省晋江市陈", 92, 181),
    ("埭镇鞋都路66号3号仓", 92, 215),
    ("好", 590, 429),
)


def test_messages_by_turns_at_both_sides_are_a_chat_without_a_time() -> None:
    assert read_fields(picture(TURNS, "other").lines)[0] == "chat"
    letter = (("给张经理的信", 40, 20), ("您好，附上本月的报表，请查收", 40, 80), ("此致", 40, 140))
    assert read_fields(picture(letter, "other").lines)[0] != "chat"


def test_no_rule_stands_beside_what_the_other_side_has_said() -> None:
    clause = {"id": "return", "title": "退货流程", "clause": "3.1", "score": 0.9}
    clause["text"] = "打开“我的订单”，点“申请售后”，7 天内把商品寄回。"
    desk = desk_of({"locale": "zh-CN", "verdict": "answer", "clauses": [clause]})
    turn = Turn("user", "对方给的退货地址是哪里？", [picture(TURNS, "chat")])
    reply = answer(Conversation([turn], desk))
    assert "晋江市陈埭镇鞋都路66号" in reply.text
    assert reply.citations == []


def test_the_first_own_message_is_what_was_complained_of_not_the_title() -> None:
    lines = (("青禾售后-晓雯", 285, 20), *BUBBLES[1:])
    assert "杯子碎了" in asked("我一开始反映的是什么问题", picture(lines, "chat")).text


def test_compensation_is_found_by_another_word() -> None:
    assert "补偿 35 元" in asked("赔多少", picture(BUBBLES, "chat")).text


def test_both_cases_of_a_clause_are_quoted() -> None:
    lines = (
        ("场地使用协议 甲方 乙方", 200, 20),
        ("四、7 日以上取消的，定金退还；不足 7 日取消的，定金不退。", 40, 80),
    )
    reply = asked("提前 3 天取消定金退吗", picture(lines, "contract"))
    assert "不足 7 日取消的，定金不退" in reply.text
