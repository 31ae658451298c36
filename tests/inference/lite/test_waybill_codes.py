"""A waybill's barcode gives, confirms or corrects its number."""

from inference.lite.fields import read_fields
from tests.inference.lite.papers.lines import barcode, first, paper, values


def test_a_barcode_gives_a_number_that_is_nowhere_written() -> None:
    kind, fields = read_fields(paper("圆通速递"), [barcode("YT8836201457790")] * 2)
    assert (kind, values(fields, "waybill_number")) == ("waybill", ["YT8836201457790"])
    found = first(fields, "waybill_number")
    assert found is not None
    assert found.confidence == 0.98


def test_a_barcode_confirms_the_number_that_was_read() -> None:
    found = first(
        read_fields(paper("运单号 YT8836201457790"), [barcode("YT8836201457790")])[1],
        "waybill_number",
    )
    assert found is not None
    assert (found.label, found.confidence) == ("运单号", 1.0)


def test_a_barcode_decides_where_the_ocr_misread_and_the_confidence_says_so() -> None:
    fields = read_fields(paper("运单号 YT8836201457190"), [barcode("YT8836201457790")])[1]
    assert values(fields, "waybill_number") == ["YT8836201457790"]
    found = first(fields, "waybill_number")
    assert found is not None
    assert found.confidence == 0.9


def test_the_barcode_of_goods_is_no_waybill_number() -> None:
    lines = paper("韵达快递 寄件")
    assert (
        values(read_fields(lines, [barcode("6901234567892", "EAN-13")])[1], "waybill_number") == []
    )


def test_an_address_in_a_qr_code_is_a_url() -> None:
    fields = read_fields(paper("扫码查看"), [barcode("https://qinghe.example/t/1", "QR Code")])[1]
    assert values(fields, "url") == ["https://qinghe.example/t/1"]
