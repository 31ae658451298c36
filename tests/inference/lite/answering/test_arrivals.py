"""Whether money has arrived: by the paper's own state words and promises, and never by a clause."""

import pytest

from tests.inference.lite.answering.test_parties import told
from tests.inference.lite.papers.lines import paper

PARTLY = (
    "账单详情",
    "-219.00",
    "当前状态 | 已部分退款(¥60.00)",
    "退款进度 | 退款中，预计2-5个工作日退回招商银行(1188)",
    "查看退款进度 | 申请电子回单",
)
ACCEPTED = (
    "网上银行电子回单",
    "付款人 | 常州市蓝鲸文具店 | 收款人 | 温岭市顺达鞋材厂",
    "金额 | ¥8,600.00",
    "状态 | 银行处理中（跨行汇款，次日到账）",
)
CREDITED = (
    "退款详情",
    "退款金额 ¥88.00",
    "11-22 09:10 退款已到账，请查看余额",
    "11-20 退款申请已受理",
)
ISSUED = ("退款成功", "¥45.00", "退款已原路退回，预计1-3个工作日到账")
REFUND = (
    "Refund details",
    "Amount | £34.00",
    "Status | Processing",
    "Please allow 5 business days for the refund to reach your card.",
)
SENT = (
    "Transfer receipt",
    "To | Hollis & Reed Ltd",
    "£900.00",
    "Status | Completed: the funds were credited on 3 Nov",
)
BOUNCED = ("转账结果", "转账状态 | 转账失败，收款行退回", "金额 | ¥500.00")


@pytest.mark.parametrize(
    ("question", "rows", "lead", "quoted"),
    [
        ("退款到账了没", PARTLY, "还没有退款完成的记录", "预计2-5个工作日退回招商银行"),
        ("退的钱到了吗", PARTLY, "还没有", "预计2-5个工作日退回招商银行"),
        ("对方收到钱了吗", ACCEPTED, "还没有到账", "次日到账"),
        ("对方收到了吗", ACCEPTED, "还没有到账", "银行处理中"),
        ("钱到帐了没有", ACCEPTED, "还没有到账", "银行处理中"),
        ("退款到账了吗", CREDITED, "是的，已经到账", "退款已到账"),
        ("退款到账了吗", ISSUED, "图中写的是", "预计1-3个工作日到账"),
        ("has my refund arrived?", REFUND, "no refund is recorded yet", "Processing"),
        ("did they get the money?", SENT, "Yes, it has arrived", "credited"),
        ("对方收到款了吗", BOUNCED, "还没有到账", "转账失败"),
    ],
)
def test_a_paper_says_itself_whether_money_has_arrived(
    question: str, rows: tuple[str, ...], lead: str, quoted: str
) -> None:
    made = told(question, paper(*rows))
    assert lead in made
    assert quoted in made
    if rows is not REFUND:  # a state alone, beside which the rule says how long it takes
        assert "依据" not in made


@pytest.mark.parametrize(
    "question", ["退款多久到账", "退款没到账怎么办", "退款能到支付宝吗", "退款一直没到账"]
)
def test_a_question_for_the_rule_is_not_taken_for_one_of_the_state(question: str) -> None:
    assert "还没有退款完成的记录" not in told(question, paper(*PARTLY))


def test_a_receipt_that_says_nothing_of_a_refund_is_no_record_of_one() -> None:
    assert "到账" not in told("退款到账了吗", paper("云朵面馆", "牛肉面 | 28.00", "合计 | 28.00"))
