"""What a message wants. Each row of a table is a sentence that people write."""

import time
from typing import get_args

import pytest

from gateway.assistant.intents import Intent, intent_of
from inference.lite.desk import INTENTS


def test_lite_knows_the_same_intents() -> None:
    assert get_args(Intent) == INTENTS


ROWS = {
    "smalltalk_thanks": (
        *(
            "谢谢",
            "谢谢!",
            "非常感谢你的帮助",
            "好的,谢谢",
            "多謝",
            "辛苦了~",
            "Thanks!",
            "thank you",
        ),
        *("ok thanks a lot", "Thx", "Great, thank you so much for your help", "好的明白了谢谢啦"),
        *("ty!!", "辛苦了，帮大忙了", "tysm"),
    ),
    "smalltalk_greeting": (
        *("你好", "您好!", "在吗?", "早上好", "Hi there", "hello", "Good morning", "你好呀", "嗨"),
        *("hey, how are you?", "请问在吗", "你好,请问有人在吗"),
    ),
    "smalltalk_goodbye": (
        *("再见", "拜拜", "好的,谢谢,再见", "没事了,谢谢", "bye", "Thanks, bye!", "see you later"),
        *("That's all, thank you", "没别的事了，拜拜", "没什么问题了"),
    ),
    "who": (
        *("你是谁?", "你是机器人吗", "你叫什么名字", "你能做什么", "你好,你是谁", "who are you?"),
        *("Are you a bot?", "what can you do", "你是真人还是机器人", "are you a human or a bot?"),
    ),
    "person": (
        *("转人工", "人工", "我要人工客服", "能不能转人工?", "怎么转人工", "給我轉人工", "找客服"),
        *("我要找真人", "不想跟机器人聊", "叫你们经理来", "有没有活人啊", "帮我接人工服务,谢谢"),
        *("我的包裹丢了三天了,给我转人工", "能跟真人说话吗", "别用机器人回复", "转接客服"),
        *("我想和人说话", "换个人来", "有人工客服吗", "麻烦帮我联系一下你们的负责人"),
        *("I want to talk to a human", "agent", "Can I speak to a real person?", "human please"),
        *("How do I reach a human", "connect me to an agent", "let me speak with someone"),
        *("Get me a manager!", "I need a representative", "transfer me to a person please"),
        *("my parcel is lost, I want to talk to somebody", "Is there a real person?"),
        *("stop the bot, give me a human", "你们老板电话给我", "把你们领导的手机号发我"),
        "give me your manager's phone number",
    ),
    "unknown_language": (
        *("Где мой заказ?", "返品したいのですが", "배송은 언제 되나요?", "¿Dónde está mi pedido?"),
        *("Wo ist mein Paket?", "Où est ma commande ?", "أين طلبي؟", "Tôi muốn trả hàng của tôi"),
    ),
    "anger": (
        *("你们什么破公司,快递三天没动", "垃圾平台,退我钱", "我要投诉你们", "气死我了,怎么还没到"),
        *("This is ridiculous, where is my refund", "worst service ever", "钱呢!!!"),
        *("This is far too slow, I want to complain", "I'd like to complain about the courier"),
        *("nobody answers my mails", "No one cares", "I have had enough of this"),
    ),
    "question": (
        *(
            "谢谢,那退款呢",
            "转人工费用怎么算?",
            "人工客服几点上班",
            "退货需要联系客服吗",
            "你好,怎么退货",
        ),
        *(
            "七天无理由退货怎么办",
            "hi, where is my order",
            "人工费多少钱",
            "不用转人工,告诉我怎么退",
        ),
        *("客户经理的电话怎么查", "老板要报销,票咋整"),
        *("PAY-1042", "你好 PAY-4031", "再见面的话要带什么证件", "退货要找客服还是自己寄"),
        *(
            "Do I have to talk to an agent to return an item?",
            "How much does it cost to talk to an agent",
        ),
        *(
            "感谢信怎么写进评价",
            "Thanks, but what about the refund?",
            "垃圾袋能退吗",
            "3.2",
            "?",
            "",
        ),
        *(
            "can a person sign for my parcel",
            "怎么投诉快递员",
            "人工智能客服靠谱吗",
            "客服说可以退,怎么操作",
        ),
        *(
            "can another person pick up my order",
            "联系客服后多久能收到回复",
            "café order no refund",
            "how do I make a complaint about a courier",
            "is one charger enough, or do I have to buy two",
        ),
        *(
            "what are your opening hours",
            "你是怎么计算运费的",
            "这个订单是谁签收的",
            "拜托查一下订单",
        ),
        *(
            "how do I contact customer service about invoices",
            "hi-res camera return",
            "是否需要本人签收",
        ),
        *("Does your agent charge a fee for customs?", "请问人工服务的收费标准是什么"),
    ),
}


@pytest.mark.parametrize(
    ("intent", "text"), [(intent, text) for intent, texts in ROWS.items() for text in texts]
)
def test_a_message_wants(intent: str, text: str) -> None:
    assert intent_of(text) == intent


def test_small_talk_with_a_picture_is_a_question_about_it() -> None:
    assert intent_of("你好", has_picture=True) == "question"
    assert intent_of("转人工", has_picture=True) == "person"


def test_a_long_message_is_judged_in_a_few_milliseconds() -> None:
    for text in ("你好" * 100_000, "talk to " * 30_000, "转" * 200_000, "a real " * 30_000):
        started = time.process_time()
        intent_of(text)
        assert time.process_time() - started < 0.05
