"""Values that papers print behind a label and that are no field of the reader."""

import pytest

from inference.lite.answering import Reply, answer
from inference.lite.answering.pairs import pairs_of
from inference.lite.answering.printed import named_by, values
from inference.lite.answering.states import says_delivered
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.fields import read_fields
from inference.lite.reading import Reading
from tests.inference.lite.papers.lines import paper


def reading(*rows: str) -> Reading:
    kind, fields = read_fields(paper(*rows))
    return Reading("file-1", 1_200, 800, paper(*rows), fields, kind=kind)


def asked(question: str, *rows: str) -> Reply:
    clause = {"id": "postage", "title": "包邮规则", "clause": "2.1", "score": 0.9}
    clause["text"] = "单笔订单实付满 79 元包邮；不满 79 元收运费 8 元。"
    desk = desk_of({"locale": "zh-CN", "verdict": "answer", "clauses": [clause]})
    return answer(Conversation([Turn("user", question, [reading(*rows)])], desk))


TILL = (
    "欢迎光临 福满多超市",
    "收银员 012",
    "消费合计 | 176.00",
    "会员优惠 | -17.60",
    "代金券 | -20.00",
    "应付 | 138.40",
    "现金 | 150.00",
    "找零：11.60",
)
ORDER = (
    "订单详情",
    "商品总价 | ¥495.00",
    "运费 | ¥12.00",
    "实付款 | ¥507.00",
    "支付方式 | 云闪付",
    "订单编号 | QH202611240090127",
)
LABEL = (
    "圆通速递 YT8846120937552",
    "收 沈月 139****2207",
    "江苏省南京市鼓楼区云南北路 43 号",
    "寄 青禾优品苏州仓 0512-66228800",
    "江苏省苏州市吴江区汾湖大道 558 号",
)


@pytest.mark.parametrize(
    ("question", "rows", "said", "not_said"),
    [
        ("应该找我多少钱", TILL, "找零是 **11.60**", "138.40"),
        ("how much change did I get?", TILL, "the change is **11.60**", "138.40"),
        ("一共优惠了多少", TILL, "共优惠 **37.60**", "138.40"),
        ("优惠了多少", TILL, "会员优惠 **-17.60**", "共优惠"),
        ("消费合计是多少", TILL, "消费合计是 **176.00**", "138.40"),
        ("运费是多少", ORDER, "运费是 **¥12.00**", "79"),
        ("实际付了多少", ORDER, "¥507.00", "79"),
        ("what did I pay in the end?", ORDER, "¥507.00", "79"),
        ("用什么付的款", ORDER, "云闪付", "79"),
        ("收件人是谁", LABEL, "沈月 `139****2207` 江苏省南京市", "苏州仓"),
        ("寄件人是谁，电话多少", LABEL, "青禾优品苏州仓 0512-66228800 江苏省苏州市", "沈月"),
    ],
)
def test_what_is_asked_is_answered_from_the_paper(
    question: str, rows: tuple[str, ...], said: str, not_said: str
) -> None:
    reply = asked(question, *rows)
    assert reply.outcome == "answered"
    assert said.lower() in reply.text.lower()
    assert not_said not in reply.text


def test_the_company_answers_how_postage_is_reckoned_and_what_a_return_costs() -> None:
    for question in ("运费怎么算", "退货运费多少"):
        assert asked(question, *ORDER).citations == ["postage"]


def test_the_total_in_words_is_said_as_it_is_written() -> None:
    rows = ("电子发票", "价税合计（大写） | 壹仟贰佰叁拾陆圆整 | （小写）¥1236.00")
    assert "**壹仟贰佰叁拾陆圆整**" in asked("价税合计大写是多少", *rows).text


def test_a_question_names_a_label_that_the_program_does_not_know() -> None:
    rows = ("转账成功", "手续费 | ¥2.00", "收款银行 | 中国农业银行", "附言 | 12 月房租")
    assert "收款银行是 **中国农业银行**" in asked("收款银行是什么", *rows).text
    assert [one.value for one in named_by("附言是什么", reading(*rows))] == ["12 月房租"]
    assert named_by("附言是什么", reading(*rows), money=True) == []


def test_pairs_stand_in_one_line_beside_each_other_or_below() -> None:
    found = pairs_of(
        reading("实收：100.00  找零：10.00", "运费 | 包邮", "Subtotal £600.00", "备注：")
    )
    told = [(one.label, one.value) for one in found]
    assert told == [
        ("实收", "100.00"),
        ("找零", "10.00"),
        ("运费", "包邮"),
        ("Subtotal", "£600.00"),
    ]


def test_the_recipient_is_no_label_of_something_else() -> None:
    assert values(reading("收款方 李记面馆", "收货时间 2026-11-20"), "receiver") == []


def test_a_labelled_total_comes_before_the_prices_of_goods() -> None:
    """The reader's order is lost where a long picture is read in parts."""
    shown = reading("订单详情", "实付款 | ¥749.30", "订单编号 | QH202611110200487")
    prices = reading("¥15.90").fields
    long = Reading("file-1", 1_080, 7_000, shown.lines, [*prices, *shown.fields], kind="order")
    desk = desk_of({"locale": "zh-CN", "verdict": "none", "clauses": []})
    reply = answer(Conversation([Turn("user", "最后付了多少钱", [long])], desk))
    assert "749.30" in reply.text
    assert "15.90" not in reply.text


def test_when_a_scan_was_made_is_said_by_that_scan() -> None:
    rows = ("2026-11-20 08:10 | 派送中", "2026-11-18 09:00 | 东莞厚街 已揽收")
    shown = ("物流跟踪", "圆通速递 YT8846120937552", *rows)
    assert "2026-11-18 09:00" in asked("这个包裹是哪天揽收的", *shown).text
    assert "东莞厚街" in asked("是从哪里发出来的", *shown).text


def test_goods_have_their_price_and_a_receipt_its_shop() -> None:
    rows = (
        "蜀滋味川菜馆",
        "结账单 小票",
        "水煮牛肉 | 1 | 68.00",
        "米饭 | 4 | 12.00",
        "合计 | | 80.00",
    )
    assert "68.00" in asked("水煮牛肉多少钱", *rows).text
    assert "水煮牛肉" in asked("买了什么", *rows).text
    assert "合计" not in asked("买了什么", *rows).text
    assert "蜀滋味川菜馆" in asked("哪家店", *rows).text


def test_nothing_was_paid_where_the_payment_failed() -> None:
    reply = asked("多少钱，用的哪张卡", "支付失败", "青禾优品 ¥3,299.00", "建设银行（储蓄卡 0973）")
    assert "3,299.00" in reply.text
    assert "实付" not in reply.text
    assert "储蓄卡 0973" in reply.text


def test_the_date_that_is_due_is_not_the_invoices() -> None:
    rows = ("INVOICE", "Invoice date: 18 November 2026", "Payment due: 18 December 2026")
    assert "18 December 2026" in asked("when is this invoice due?", *rows).text


def test_the_sum_received_is_asked_for_by_its_short_name() -> None:
    rows = ("结账单 小票", "消费合计 | 176.00", "代金券 | -20.00", "实收金额 | 156.00")
    reply = asked("一共优惠了多少，实收多少？", *rows)
    assert "**156.00**" in reply.text
    assert reply.citations == []


def test_what_was_saved_is_said_without_a_label() -> None:
    assert "$2.30" in asked("how much did I save?", "RECEIPT", "YOU SAVED $2.30 TODAY").text


def test_two_questions_about_an_order_both_get_their_answer() -> None:
    rows = (
        "订单详情",
        "商家备货中",
        "订单号 | QH202611260071902",
        "下单时间 | 2026-11-26 22:16:40",
    )
    reply = asked("我什么时候下的单，发货了没有？", *rows)
    assert "2026-11-26 22:16:40" in reply.text
    assert "还没有发货" in reply.text


def test_a_parcel_that_has_left_is_told_by_its_scan() -> None:
    rows = ("11/27/2026 4:18 A.M. | Louisville, KY Departed from Facility",)
    reply = asked("has it left Ontario yet?", "UPS 1Z88F4A00391620472", *rows)
    assert "Louisville" in reply.text
    assert reply.citations == []


def test_a_clause_on_a_delivered_parcel_fits_no_parcel_on_its_way() -> None:
    text = "显示签收却没收到的，先问家人、门卫和驿站。"
    moving = reading("圆通速递 YT8846120937552", "2026-11-20 08:10 | 派送中")
    there = reading("圆通速递 YT8846120937552", "2026-11-20 08:10 | 已签收")
    assert says_delivered(text, [moving])
    assert not says_delivered(text, [there])


@pytest.mark.parametrize(
    ("question", "rows", "said"),
    [
        (
            "加了多少升，多少钱一升",
            ("油品：95# 小票", "单价：8.12 元/升", "数量：36.95 升"),
            ("36.95", "8.12"),
        ),
        (
            "口罩花了多少钱，总共实收多少",
            ("康安堂大药房 小票", "外科口罩 | 2 | 39.80", "应收 | 70.10", "实收 | 66.00"),
            ("39.80", "66.00"),
        ),
        (
            "which card was used?",
            ("RECEIPT", "Total | 44.63", "Amex | ****1008 | 44.63"),
            ("1008",),
        ),
        ("寄的是什么东西", (*LABEL, "物品：鲜花 重量：1.35kg"), ("鲜花",)),
        (
            "退了多少钱",
            ("订单详情", "退款成功", "退款总金额 | ¥128.50"),
            ("退款金额是 **¥128.50**",),
        ),
        (
            "付给谁了",
            ("账单详情", "云栖宠物医院", "付款方式 | 余额宝", "支付成功"),
            ("云栖宠物医院",),
        ),
        (
            "who signed for it?",
            ("FedEx Tracking ID: 794651208837", "Signed for by: M.OKAFOR", "Delivered"),
            ("M.OKAFOR",),
        ),
        (
            "为啥没付成功",
            ("支付未完成", "银行卡余额不足，请更换付款方式", "付款银行 | 建行"),
            ("余额不足",),
        ),
    ],
)
def test_questions_as_people_ask_them(
    question: str, rows: tuple[str, ...], said: tuple[str, ...]
) -> None:
    reply = asked(question, *rows)
    assert [one for one in said if one not in reply.text] == []


def test_an_invoice_says_who_made_it_and_by_when_it_is_paid() -> None:
    rows = (
        "INVOICE | Invoice no. HB-20418",
        "Issued 4 November 2026",
        "Payment due 4 December 2026",
        "From | Bill to",
        "Harbour Bindery Ltd | Tamsin Reed Studio",
        "VAT 20% | £107.00",
        "Amount due | £642.00",
    )
    reply = asked("who is this invoice from and when do I have to pay it?", *rows)
    assert "Harbour Bindery Ltd" in reply.text
    assert "4 December 2026" in reply.text
    assert "Issued" not in reply.text
