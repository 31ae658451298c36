"""Wishes for a person, in any words of Chinese and English, and messages that only sound like one.

The patterns were made with the sentences of the first half in sight. The second half was written
before them and never used to change them: it says how they do on sentences that are new to them.
"""

import pytest

from gateway.assistant.intents import intent_of

WISHES = (
    "转人工吧，跟你说不明白",
    "找个活人跟我说",
    "别给我机器人，我要人",
    "有没有人能理我一下",
    "我要跟真人沟通",
    "给我换个能管事的",
    "让你们的人联系我",
    "叫个真人客服出来",
    "人呢？我要人工",
    "请帮我接通人工坐席",
    "别再自动回复了，叫人来",
    "能找个人帮我看看吗",
    "我想直接跟客服说",
    "真人服务在哪里",
    "can I talk to someone",
    "real human pls",
    "speak with a representative",
    "I don't want to talk to a machine",
    "is anyone there who can actually help me",
    "let me chat with a live agent",
    "get a person on this please",
    "can a human look at this",
    "I'd rather speak to a real person",
    "could someone call me back",
    "put me through to customer service",
    "customer service please",
    "no bots please",
)
NO_WISHES = (
    "人工费多少",
    "how many people does it serve",
    "人工智能能帮我退货吗",
    "机器人吸尘器怎么退",
    "你们公司有多少人",
    "真人照片和实物不符怎么办",
    "客服电话是多少",
    "person-to-person transfer limit",
    "is the agent fee refundable",
    "代理人可以代收快递吗",
    "需要本人签收吗",
    "human hair wig return policy",
    "can another person pick up my parcel",
    "人工审核要几天",
    "安装人工服务费怎么收",
    "my agent bought this for me, can I get the invoice",
    "the operator manual is missing",
    "一个人最多能买几件",
)
UNSEEN_WISHES = (
    "麻烦转一下人工",
    "我不跟机器说话，来个人",
    "给我找你们客服",
    "我要投诉，叫你们主管来",
    "有活的客服没",
    "请真人回答",
    "能不能来个真人",
    "转接人工服务谢谢",
    "你解决不了，换人",
    "我需要人工协助",
    "接人工",
    "人工在不在",
    "找你们负责的人跟我谈",
    "能不能让工作人员联系我",
    "我要和客服人员通话",
    "说人话，找人工",
    "请安排专人处理",
    "Can you get me someone from support?",
    "I want a human",
    "agent please",
    "transfer me",
    "talk to support",
    "is there a human I can talk to?",
    "please connect me with your team",
    "I need to speak to somebody about this",
    "Stop. Human. Now.",
    "live chat with a person?",
    "operator!",
    "i wanna talk to a real person not a bot",
    "escalate this to a manager",
)
UNSEEN_NO_WISHES = (
    "人工费包含在运费里吗",
    "机器人玩具坏了能换吗",
    "人工草坪可以退吗",
    "个人用户能开专票吗",
    "客服什么时候上班",
    "收件人写错了怎么改",
    "可以换一个人收货吗",
    "你们客服态度怎么样",
    "真人试穿图在哪看",
    "两个人拼单怎么付款",
    "how many people work there",
    "does the chair fit two persons",
    "change the contact person on my order",
    "is human support available on weekends",
    "travel agent discount",
    "who signed for my parcel",
    "I spoke to an agent yesterday and still have no refund",
    "人工智能音箱怎么连网",
    "这个客服机器人是你们自己做的吗",
    "联系人电话能改吗",
)


def is_wish(text: str) -> bool:
    return intent_of(text) == "person"


@pytest.mark.parametrize("text", WISHES)
def test_a_wish_for_a_person_is_heard_in_any_words(text: str) -> None:
    assert is_wish(text)


@pytest.mark.parametrize("text", NO_WISHES)
def test_what_only_names_people_is_no_wish(text: str) -> None:
    assert not is_wish(text)


def test_most_wishes_in_words_that_are_new_to_the_rules_are_heard() -> None:
    assert sum(map(is_wish, UNSEEN_WISHES)) >= 26  # of 30
    assert sum(map(is_wish, UNSEEN_NO_WISHES)) <= 1  # of 20
