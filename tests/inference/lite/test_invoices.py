"""Invoices: parties apart, totals that add up, items, codes."""

from decimal import Decimal

import pytest

from inference.lite.fields import read_fields
from inference.lite.invoice_money import in_capitals
from inference.lite.reading import Line
from tests.inference.lite.papers.lines import barcode, first, paper, values

BUYER_TAX, SELLER_TAX = "91330106MA2K4TXN7C", "91440300MA5G7T2P8P"
HEAD = "项目名称 | 数量 | 金额 | 税率 | 税额"
ITEMS = ("*家电*净化器 | 1 | 1238.94 | 13% | 161.06", "*家电*滤芯 | 2 | 176.99 | 13% | 23.01")
SUMS = ("合 计 |  | ¥1415.93 |  | ¥184.07", "价税合计(大写) | 壹仟陆佰圆整 | (小写) ¥1600.00")


def names(lines: list[Line]) -> dict[str, str]:
    return {field.name: field.value for field in read_fields(lines)[1]}


def test_columns_tell_buyer_from_seller() -> None:
    lines = paper(
        "电子发票(普通发票)",
        "购买方信息 | 名称:云杉设计工作室 | 销售方信息 | 名称:深圳鹏远光电科技有限公司",
        f" | 纳税人识别号:{BUYER_TAX} |  | 纳税人识别号:{SELLER_TAX}",
    )
    found = names(lines)
    assert (found["buyer"], found["seller"]) == ("云杉设计工作室", "深圳鹏远光电科技有限公司")
    assert found["buyer_tax_number"] == BUYER_TAX
    assert found["seller_tax_number"] == SELLER_TAX
    assert not {"company", "tax_number"} & set(found)


@pytest.mark.parametrize("titles", [("购买方", "销售方"), ("", "")])
def test_blocks_one_under_the_other_tell_buyer_from_seller(titles: tuple[str, str]) -> None:
    lines = paper(
        "增值税电子普通发票",
        titles[0],
        "名称:云杉设计工作室",
        f"纳税人识别号:{BUYER_TAX}",
        titles[1],
        "名称:深圳鹏远光电科技有限公司",
        f"纳税人识别号:{SELLER_TAX}",
    )
    found = names(lines)
    assert (found["buyer"], found["seller"]) == ("云杉设计工作室", "深圳鹏远光电科技有限公司")
    assert (found["buyer_tax_number"], found["seller_tax_number"]) == (BUYER_TAX, SELLER_TAX)


def test_a_seller_above_the_buyer_is_told_by_its_title() -> None:
    lines = paper("发票详情", "销售方", "名称:甲木有限公司", "购买方", "名称:乙石有限公司")
    found = names(lines)
    assert (found["seller"], found["buyer"]) == ("甲木有限公司", "乙石有限公司")


def test_two_labels_in_one_line_keep_their_own_values() -> None:
    lines = paper(
        "发票号码:25119110001000012345", f"购买方名称:云杉设计工作室 统一社会信用代码:{BUYER_TAX}"
    )
    found = names(lines)
    assert (found["buyer"], found["buyer_tax_number"]) == ("云杉设计工作室", BUYER_TAX)


def test_the_total_is_the_one_with_tax_and_sums_are_checked() -> None:
    kind, fields = read_fields(paper("电子发票(普通发票)", HEAD, *ITEMS, *SUMS))
    assert kind == "invoice"
    for name, value in (
        ("amount", "¥1600.00"),
        ("amount_without_tax", "¥1415.93"),
        ("tax_amount", "¥184.07"),
    ):
        found = first(fields, name)
        assert found is not None
        assert (found.value, found.valid) == (value, True)
    assert values(fields, "amount") == ["¥1600.00"]
    assert values(fields, "item") == ["*家电*净化器 ×1 1238.94", "*家电*滤芯 ×2 176.99"]
    assert values(fields, "tax_rate") == ["13%"]


def test_a_total_that_does_not_add_up_is_not_valid() -> None:
    sums = (SUMS[0], "价税合计(大写) | 壹仟陆佰圆整 | (小写) ¥1500.00")
    found = first(read_fields(paper("电子发票(普通发票)", HEAD, *ITEMS, *sums))[1], "amount")
    assert found is not None
    assert (found.value, found.valid) == ("¥1500.00", False)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("壹仟陆佰圆整", "1600"),
        ("叁佰零壹圆伍角", "301.5"),
        ("壹拾贰万叁仟肆佰伍拾陆圆柒角捌分", "123456.78"),
        ("伍亿零壹万圆整", "500010000"),
    ],
)
def test_capital_numerals_are_read(text: str, amount: str) -> None:
    assert in_capitals(text) == Decimal(amount)


def test_a_full_digital_invoice_has_twenty_digits_and_no_code() -> None:
    fields = read_fields(paper("电子发票(普通发票)", "发票号码:26332000000187405931"))[1]
    assert values(fields, "invoice_number") == ["26332000000187405931"]
    assert values(fields, "invoice_code") == []


def test_a_tax_id_of_which_the_check_digit_is_wrong_is_not_valid() -> None:
    lines = paper(
        "电子发票(普通发票)", "销售方", "名称:甲木有限公司", f"纳税人识别号:{SELLER_TAX[:-1]}Q"
    )
    found = first(read_fields(lines)[1], "seller_tax_number")
    assert found is not None
    assert found.valid is False


def test_a_misread_tax_id_is_repaired_where_its_check_digit_proves_it() -> None:
    wrong = BUYER_TAX.replace("0", "O", 1)
    lines = paper("电子发票(普通发票)", "购买方", "名称:云杉设计工作室", f"纳税人识别号:{wrong}")
    found = first(read_fields(lines)[1], "buyer_tax_number")
    assert found is not None
    assert (found.value, found.valid) == (BUYER_TAX, True)
    assert found.confidence < 0.99


def test_the_qr_code_confirms_what_the_ocr_read() -> None:
    lines = paper("电子发票(普通发票)", "发票号码:25332000000187405931", *SUMS)
    code = barcode("01,32,,25332000000187405931,1600.00,20251112,,3A9F", "QR Code")
    fields = read_fields(lines, [code])[1]
    for name in ("invoice_number", "amount"):
        found = first(fields, name)
        assert found is not None
        assert (found.valid, found.confidence) == (True, 1.0)
    assert values(fields, "date") == ["2025-11-12"]


def test_the_qr_code_decides_where_the_ocr_disagrees() -> None:
    lines = paper("电子发票(普通发票)", "发票号码:25332000000187405937", "(小写) ¥1500.00")
    code = barcode("01,32,,25332000000187405931,1600.00,20251112,,3A9F", "QR Code")
    fields = read_fields(lines, [code])[1]
    for name, value in (("invoice_number", "25332000000187405931"), ("amount", "1600.00")):
        assert values(fields, name) == [value]
        found = first(fields, name)
        assert found is not None
        assert found.confidence < 0.95


def test_an_older_invoices_qr_code_holds_the_amount_before_tax() -> None:
    code = barcode(
        "01,10,031002200411,48170926,3000.00,20260318,66541209337182044615,1A2B", "QR Code"
    )
    lines = paper("增值税电子普通发票", "发票号码:48170926", "(小写) ¥3180.00")
    fields = read_fields(lines, [code])[1]
    assert values(fields, "amount") == ["¥3180.00"]
    assert values(fields, "amount_without_tax") == ["3000.00"]
    assert values(fields, "invoice_code") == ["031002200411"]


def test_a_label_whose_characters_stand_far_apart_is_one() -> None:
    rows = (
        "购 买 方 | 名 | 称：重庆市知语书店",
        "",
        "",
        "",
        "",
        "销售方 | 名 | 称：青禾优品（重庆）有限公司",
    )
    fields = read_fields(paper("重庆增值税电子普通发票", *rows, "发票号码：63820947"))[1]
    assert values(fields, "buyer") == ["重庆市知语书店"]
    assert values(fields, "seller") == ["青禾优品(重庆)有限公司"]


def test_the_place_of_a_stamp_is_no_seller() -> None:
    fields = read_fields(paper("电子发票(普通发票)", "发票号码：63820947", "销售方：（章)"))[1]
    assert values(fields, "seller") == []


def test_a_tax_number_is_no_buyer() -> None:
    """The letters of 购买方信息 stand one over the other, and beside them the number."""
    _, fields = read_fields(paper("电子发票", "买方信息 | 52610113MJU120843Q"))
    assert values(fields, "buyer") == []
