"""A cell by its row's place, value or name, and the difference of two columns of a row."""

import pytest

from inference.lite.reading import Line
from tests.inference.lite.answering.lookup.computed.asking import Paper, answered, worked_out

BILL = (
    "项目名称 | 单位 | 数量 | 单价 | 金额 | 税率/征收率 | 税额",
    "*餐饮服务*会议用餐 | 次 | 1 | 943.40 | 943.40 | 6% | 56.60",
    "*办公用品*打印纸 | 箱 | 5 | 110.00 | 550.00 | 13% | 71.50",
    "*办公用品*订书机 | 个 | 3 | 20.00 | 60.00 | 13% | 7.80",
    "合计 | ¥1553.40 | ¥135.90",
)
CART = (
    "手冲壶细口壶 304 不锈钢 | ¥129.00",
    "颜色：哑光黑 | ×1",
    "滤纸 V60 锥形 100 片 | ¥18.80",
    "规格：02 号 | x3",
    "电子秤 | ¥66.00",
    "颜色：白 | ×2",
    "实付款 | ¥317.40",
)
PACKING = (
    "序 | 品名 | 单位 | 应发 | 实发 | 备注",
    "1 | 蓝色签字笔 | 盒 | 24 | 24 | 齐",
    "2 | 黑色签字笔 | 盒 | 30 | 18 | 缺货",
    "3 | 便利贴 | 包 | 50 | 50 | 齐",
)
NOTE = (
    "Line | Description | Ordered | Delivered | Unit price",
    "1 | Oak shelf 80 cm | 12 | 9 | 24.50",
    "2 | Steel bracket | 48 | 48 | 3.10",
    "3 | Wall plug, pack of 50 | 6 | 5 | 2.20",
)
INVOICE = (
    "Description | Qty | Unit price | VAT rate | VAT | Amount",
    "Design work | 6 | 90.00 | 20% | 108.00 | 540.00",
    "Printed book | 10 | 12.00 | 0% | 0.00 | 120.00",
    "Train fares | 1 | 64.20 | 5% | 3.21 | 64.20",
)


@pytest.mark.parametrize(
    ("question", "paper", "said"),
    [
        ("6个点的那项税额是多少", BILL, "会议用餐的税额是 **56.60**"),
        ("第三行的单价是多少", BILL, "订书机的单价是 **20.00**"),
        ("550块的那一项买了几箱", BILL, "打印纸的数量是 **5**"),
        ("最后一项的税是多少", BILL, "订书机的税额是 **7.80**"),
        ("第2件商品买了几个", CART, "滤纸 V60 锥形 100 片的数量是 **3**"),
        ("第三个买了多少个", CART, "电子秤的数量是 **2**"),
        ("黑色签字笔少发了几盒", PACKING, "应发 30 − 实发 18 算，是 **12 盒**"),
        ("第二项订了多少", PACKING, "黑色签字笔的应发是 **30**"),
        ("how many oak shelves are missing?", NOTE, "Ordered 12 − Delivered 9 is **3**"),
        ("how many wall plugs are still outstanding", NOTE, "Ordered 6 − Delivered 5 is **1**"),
        ("how many were delivered of the second item?", NOTE, "Delivered of Steel bracket is **48**"),
        ("how much vat is on the row with 5 %?", INVOICE, "VAT of Train fares is **3.21**"),
        ("what is the unit price of line 1", INVOICE, "Unit price of Design work is **90.00**"),
    ],
)  # fmt: skip
def test_a_cell_is_told_with_its_row_and_column(question: str, paper: Paper, said: str) -> None:
    assert said in answered(question, paper)


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        ("第五行的单价是多少", BILL),
        ("第二个快递什么时候到", PACKING),
        ("便利贴多少钱", PACKING),
        ("红色签字笔少发了几盒", ("品名 | 应发 | 备注", "红色签字笔 | 30 | 缺货")),
        ("the third item on this list of rules", NOTE),
    ],
)
def test_nothing_is_told_of_a_row_or_column_that_is_not_there(question: str, paper: Paper) -> None:
    assert worked_out(question, paper) == ""


def test_rows_of_the_same_value_are_quoted() -> None:
    said = worked_out("13%的那项税额是多少", BILL)
    assert "打印纸" in said
    assert "订书机" in said
    assert "**" not in said


def test_heads_may_go_on_in_a_second_line_and_columns_need_no_rules() -> None:
    def line(text: str, left: int, top: int) -> Line:
        return Line(text, (left, top, 11 * len(text), 18), 0.99)

    lines = [
        line("Unit", 400, 100),
        line("Qty", 600, 100),
        line("Description", 20, 111),
        line("Amount", 800, 111),
        line("price", 400, 122),
        line("ordered", 590, 122),
        *[line(text, left, 160) for text, left in zip(("Clamp", "4.50", "12", "54.00"), (20, 400, 610, 800), strict=True)],
        *[line(text, left, 200) for text, left in zip(("Vice", "31.00", "2", "62.00"), (20, 400, 610, 800), strict=True)],
    ]  # fmt: skip
    assert "Unit price of Vice is **31.00**" in worked_out("unit price of the second item?", lines)
    assert "Qty ordered of Clamp is **12**" in worked_out("how many of the first item?", lines)
