"""Who is who on a paper: two parties stand on most, and only one of them is asked for."""

import pytest

from inference.lite.answering import answer
from inference.lite.answering.roles import asked, is_name
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.fields import read_fields
from inference.lite.reading import Line, Reading
from tests.inference.lite.papers.lines import paper

CLAUSE = {
    "id": "lost",
    "title": "显示签收却没收到",
    "clause": "4.2",
    "score": 0.9,
    "text": "轨迹显示已签收但没有收到包裹的，先问家人、门卫和驿站，仍没有找到的，在 72 小时内联系客服。",
}
LABEL = (
    "中通快递",
    "78901234567890",
    "收件人：柳絮 138****2046",
    "湖北省武汉市洪山区珞喻路 88 号",
    "寄件人：青山茶坊 0571-88120034",
    "福建省泉州市安溪县龙湖路 12 号",
    "签收人： | 签收时间：",
)
SCANS = (
    "韵达快递 4312889012345678",
    "11-24 15:02 已签收，签收人：门卫",
    "11-24 08:31 【南京市】派送员：郭建 13912345678，正在为您派送",
    "11-22 18:10 【厦门市】厦门思明公司的取件员（叶青）已取件",
)
NOTE = (
    "发货单",
    "购货单位 | 海宁第二中学食堂",
    "品名 | 数量 | 金额",
    "青菜 | 20 | 60.00",
    "开单丁琳 | 仓管陆一鸣 | 收货人谢小雨 | 收货时间11/24 6:20",
)
SLIP = (
    "电子回单",
    "户名 | 南通海风家纺有限公司 | 户名 | 绍兴越纺布业有限公司",
    "账号 | 6222 **** 1180 | 账号 | 3305 **** 9921",
    "金额 | ¥12,400.00",
    "状态 | 转账成功",
)
RECEIPT = (
    "FERN & CO. GROCERS",
    "Tel 020 7946 0018",
    "Cashier: Moira",
    "Oat milk | 2.10",
    "Total | 2.10",
)
CARD = (
    "净水器安装单",
    "安装师傅 | 联系电话",
    "贺兰 | 137****0021",
    "安装日期 | 2026-10-02",
)
PROOF = (
    "Proof of delivery",
    "Tracking number | 1Z999AA10123456784",
    "Received by | Delivered on",
    "M. ORTEGA | 11/12/2026",
    "Shipped by | Northwind Lamps Inc.",
    "Driver | Pat Rooney",
)


def told(question: str, lines: list[Line]) -> str:
    kind, fields = read_fields(lines)
    reading = Reading("file-1", 1_600, 1_200, lines, fields, kind=kind)
    locale = "en" if question.isascii() else "zh-CN"
    desk = desk_of({"locale": locale, "verdict": "answer", "clauses": [CLAUSE]})
    return answer(Conversation([Turn("user", question, [reading])], desk)).text


@pytest.mark.parametrize(
    ("question", "rows", "said"),
    [
        ("谁寄来的这个包裹", LABEL, "**青山茶坊 "),
        ("哪个城市发来的", LABEL, "**福建省泉州市**"),
        ("寄件人电话多少", LABEL, "**0571-88120034**"),
        ("收件人是谁", LABEL, "**柳絮 "),
        ("寄到哪个城市", LABEL, "**湖北省武汉市**"),
        ("快递员叫什么", SCANS, "**郭建**"),
        ("派送员手机号是多少", SCANS, "13912345678"),
        ("谁揽收的", SCANS, "**叶青**"),
        ("谁签收的", SCANS, "**门卫**"),
        ("货是谁收的", NOTE, "**谢小雨**"),
        ("谁开的单", NOTE, "**丁琳**"),
        ("仓管是谁啊", NOTE, "**陆一鸣**"),
        ("这笔钱转给谁了", SLIP, "**绍兴越纺布业有限公司**"),
        ("收款方是谁", SLIP, "**绍兴越纺布业有限公司**"),
        ("付款人是哪家公司", SLIP, "**南通海风家纺有限公司**"),
        ("who was the cashier?", RECEIPT, "**Moira**"),
        ("谁来装的", CARD, "**贺兰**"),
        ("who signed for the parcel?", PROOF, "**M. ORTEGA**"),
        ("who was the driver", PROOF, "**Pat Rooney**"),
        ("who shipped it?", PROOF, "**Northwind Lamps Inc.**"),
    ],
)
def test_the_party_that_is_asked_for_is_told(
    question: str, rows: tuple[str, ...], said: str
) -> None:
    assert said in told(question, paper(*rows))


def test_a_label_beside_another_is_no_party() -> None:
    rows = ("Shipper: | Recipient:", "Alder Books LLC | Tom Reyes", "Portland, OR | Austin, TX")
    made = told("who sent it?", paper("FedEx", "Tracking number: 748912345678", *rows))
    assert "Alder Books" in made
    assert "Recipient" not in made


def test_a_name_stands_below_its_label_and_not_in_the_column_beside_it() -> None:
    lines = [
        Line("Received By", (10, 400, 80, 20)),
        Line("Results as of 11/16/2026 9:05 A.M.", (470, 400, 280, 20)),
        Line("OKORO", (10, 420, 60, 20)),
        Line("Left At", (10, 450, 50, 20)),
        Line("Reception", (10, 470, 70, 20)),
        Line("Delivered", (470, 60, 70, 20)),
    ]
    assert "**OKORO**" in told("who signed for it?", lines)


@pytest.mark.parametrize("question", ["谁签收的？", "签收人是谁"])
def test_an_empty_field_is_told_as_empty_without_a_clause(question: str) -> None:
    made = told(question, paper(*LABEL))
    assert "签收人" in made
    assert "空" in made
    assert "依据" not in made
    assert "柳絮" not in made


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("派件员什么时候来", ""),
        ("转给哪家银行了", ""),
        ("收款账户是哪个", ""),
        ("付了多少钱", ""),
        ("钱是谁打来的", "payer"),
        ("打款给了谁", "payee"),
        ("谁送的货", "courier"),
        ("who accepted the goods", "signer"),
        ("where was this sent from", "sender"),
    ],
)
def test_a_question_says_whose_name_or_phone_it_wants(question: str, role: str) -> None:
    found = asked(question)
    assert (found[0].key if found else "") == role


def test_names_are_no_dates_labels_or_sentences() -> None:
    assert is_name("费晓兰")
    assert is_name("Jo Ann Lee")
    assert not is_name("2026-11-24")
    assert not is_name("收货时间")
    assert not is_name("Delivered On date")
