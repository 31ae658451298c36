"""Electronic invoices as OFD and XML give their own fields; hostile ones are refused by a bound."""

import io
import zipfile
from typing import Any

import pytest

from gateway.errors import GatewayError, ImageTooLarge, InvalidImage, UnsupportedMediaType
from gateway.media.document import read_document
from gateway.media.image_processor import ImageProcessor
from gateway.media.limits import MediaLimits
from gateway.media.sniff import sniff
from gateway.observability.metrics import Metrics
from tests.support.paths import DATA

CASES = DATA / "attachments"
OFD = "application/ofd"
XML = "application/xml"
FULL = """<?xml version="1.0" encoding="{encoding}"?>
<EInvoice><Header><EIid>26332000000187405931</EIid></Header><EInvoiceData>
<SellerInformation><SellerIdNum>91330106MA2CEXAMP1</SellerIdNum>
<SellerName>杭州青禾优品电子商务有限公司</SellerName></SellerInformation>
<BuyerInformation><BuyerIdNum>91510100MA6CEXAMP2</BuyerIdNum>
<BuyerName>成都云杉设计有限公司</BuyerName></BuyerInformation>
<BasicInformation><TotalAmWithoutTax>1415.93</TotalAmWithoutTax><TotalTaxAm>184.07</TotalTaxAm>
<TotalTax-includedAmount>1600.00</TotalTax-includedAmount>
<RequestTime>2026-01-12 09:30:00</RequestTime></BasicInformation>
<IssuItemInformation><ItemName>*家具*浴室镜</ItemName><Quantity>2</Quantity>
<UnPrice>707.965</UnPrice><Amount>1415.93</Amount><TaxRate>0.13</TaxRate>
<ComTaxAm>184.07</ComTaxAm><TotaltaxIncludedAmount>1600.00</TotaltaxIncludedAmount>
</IssuItemInformation></EInvoiceData>
<TaxSupervisionInfo><InvoiceNumber>26332000000187405932</InvoiceNumber>
<IssueTime>2026-01-13</IssueTime></TaxSupervisionInfo></EInvoice>"""


def fields_of(data: bytes, kind: str) -> dict[str, str]:
    content = read_document(data, kind).content
    assert content is not None
    assert content["kind"] == "invoice"
    return {field["name"]: field["value"] for field in content["fields"]}


def packed(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return made.getvalue()


def entries_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def invoice() -> dict[str, bytes]:
    return entries_of((CASES / "invoice.ofd").read_bytes())


def test_an_ofd_invoice_gives_its_lines_and_the_fields_of_its_own_data() -> None:
    data = (CASES / "invoice.ofd").read_bytes()
    assert sniff(data) == OFD
    picture = read_document(data, OFD)
    assert picture.is_document
    assert picture.tokens == 0
    assert picture.content is not None
    texts = [line["text"] for line in picture.content["lines"]]
    assert "（小写）¥1600.00" in texts
    number, day, amount = picture.content["fields"]
    assert (number["name"], number["value"]) == ("invoice_number", "25332000000187405931")
    assert (day["name"], day["value"]) == ("date", "2025-11-12")
    assert (amount["name"], amount["value"]) == ("amount", "¥1600.00")
    assert amount["box"] == picture.content["lines"][2]["box"]


def test_the_tags_of_an_ofd_name_its_fields_where_no_data_are_attached() -> None:
    entries = invoice()
    del entries["Doc_0/Attachs/original_invoice.xml"]
    entries["Doc_0/Tags/CustomTag.xml"] = (
        '<t:eInvoice xmlns:t="x" xmlns:o="y"><t:SellerName><o:ObjectRef PageRef="1">3</o:ObjectRef>'
        "</t:SellerName></t:eInvoice>"
    ).encode()
    assert fields_of(packed(entries), OFD) == {"seller": "发票号码：25332000000187405931"}


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "GBK", "gb2312"])
def test_an_xml_invoice_gives_both_parties_all_amounts_and_its_items(encoding: str) -> None:
    data = FULL.format(encoding=encoding).encode(encoding)
    assert sniff(data) == XML
    assert fields_of(data, XML) == {
        "invoice_number": "26332000000187405932",
        "date": "2026-01-13",
        "buyer": "成都云杉设计有限公司",
        "buyer_tax_number": "91510100MA6CEXAMP2",
        "seller": "杭州青禾优品电子商务有限公司",
        "seller_tax_number": "91330106MA2CEXAMP1",
        "amount": "¥1600.00",
        "amount_without_tax": "¥1415.93",
        "tax_amount": "¥184.07",
        "item": "*家具*浴室镜",
        "tax_rate": "13%",
    }
    content = read_document(data, XML).content
    assert content is not None
    texts = [line["text"] for line in content["lines"]]
    assert "价税合计（小写）：¥1600.00" in texts
    assert any("数量 2" in text and "税率 13%" in text for text in texts)


def test_the_example_invoice_gives_its_amount_and_seller() -> None:
    fields = fields_of((CASES / "invoice.xml").read_bytes(), XML)
    assert fields["amount"] == "¥1600.00"
    assert fields["seller"] == "杭州青禾优品电子商务有限公司"


ENTITIES = b"".join(
    b'<!ENTITY a%d "%s">' % (number, b"&a%d;" % (number - 1) * 10) for number in range(1, 12)
)
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">'
    + ENTITIES
    + b"]><Invoice>&a11;</Invoice>"
)
FILE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Invoice>&f;</Invoice>'
DEEP = b"<?xml version='1.0'?>" + b"<Invoice>" * 100_000


def with_page(content: bytes, **more: bytes) -> bytes:
    return packed({**invoice(), "Doc_0/Pages/Page_0/Content.xml": content, **more})


@pytest.mark.parametrize(
    ("data", "kind", "error", "named"),
    [
        (BOMB, XML, InvalidImage, "doctype"),
        (FILE, XML, InvalidImage, "doctype"),
        (DEEP, XML, InvalidImage, "elements"),
        (b"<?xml version='1.0'?><Invoice>", XML, InvalidImage, "damaged"),
        (b"<?xml version='1.0' encoding='klingon'?><Invoice/>", XML, InvalidImage, "damaged"),
        (with_page(b"<Page>" + b" " * 200_000_000 + b"</Page>"), OFD, ImageTooLarge, "bytes"),
        (with_page(BOMB), OFD, InvalidImage, "doctype"),
        (packed({f"{n}.xml": b"" for n in range(3000)} | invoice()), OFD, ImageTooLarge, "files"),
        (packed({"OFD.xml": b"<x/>"}), OFD, InvalidImage, "damaged"),
        (packed(invoice(), zipfile.ZIP_LZMA), OFD, InvalidImage, "damaged"),
        ((CASES / "invoice.ofd").read_bytes()[:700], OFD, InvalidImage, "damaged"),
    ],
    ids=[
        *(
            "entities",
            "a local file",
            "depth",
            "cut xml",
            "encoding",
            "zip bomb",
            "entities in zip",
        ),
        *("many files", "no page", "another packing", "cut zip"),
    ],
)
async def test_a_hostile_document_is_refused_by_its_bound(
    data: bytes, kind: str, error: type[GatewayError], named: str
) -> None:
    processor = ImageProcessor(MediaLimits(), Metrics("0", "lite"))
    assert sniff(data) == kind
    try:
        with pytest.raises(error) as told:
            await processor.prepare(data)
        assert told.value.details["name"] == named
    finally:
        processor.close()


def test_xml_that_is_no_invoice_is_no_attachment() -> None:
    with pytest.raises(UnsupportedMediaType) as told:
        read_document(b"<?xml version='1.0'?><settings><amount>1</amount></settings>", XML)
    assert told.value.details["advice"] == "save_as_pdf"


OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("data", "ending", "advice"),
    [
        (packed({"[Content_Types].xml": b"", "word/document.xml": b""}), "docx", "save_as_pdf"),
        (packed({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "xlsx", "save_as_pdf"),
        (packed({"[Content_Types].xml": b"", "ppt/a.xml": b""}), "pptx", "save_as_pdf"),
        (OLE2 + "WordDocument".encode("utf-16-le"), "doc", "save_as_pdf"),
        (OLE2 + "Workbook".encode("utf-16-le"), "xls", "save_as_pdf"),
        (packed({"holiday.jpg": b""}), "zip", "unpack"),
        (b"Rar!\x1a\x07\x01\0", "rar", "unpack"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z", "unpack"),
        (b"{\\rtf1 hello}", "rtf", "save_as_pdf"),
        (b"<!doctype html><html></html>", "html", "save_as_pdf"),
        ("订单号 QH202611090078126".encode(), "txt", "paste_text"),
        (b"\0\0\0\x18ftypmp42", "mp4", "take_screenshot"),
    ],
)
def test_a_file_that_is_not_read_is_named_with_what_to_do(
    data: bytes, ending: str, advice: str
) -> None:
    with pytest.raises(UnsupportedMediaType) as told:
        sniff(data)
    details: dict[str, Any] = told.value.details
    assert (details["type"], details["advice"]) == (ending, advice)
    assert f"(.{ending})" in told.value.message
