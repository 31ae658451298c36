"""Papers of every kind through the real OCR: the field that a person would ask for is right."""

import re

import onnxruntime
import pytest

from inference.lite.decode import Picture, decoded
from inference.lite.fields import read_fields
from inference.lite.ocr import Engine
from inference.lite.reading import Field, in_rows
from inference.lite.scan import Scan
from tests.inference.lite.papers.drawing import Paper
from tests.inference.lite.papers.held_out import HELD_OUT
from tests.inference.lite.papers.lines import first, values
from tests.inference.lite.papers.tune import TUNE
from tests.support.paths import DATA, SCREENS

PAPERS = DATA / "papers"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def read(engine: Engine, picture: Picture) -> tuple[str, list[Field]]:
    scan = Scan(picture)
    for _ in scan.steps(engine, onnxruntime.RunOptions()):
        pass
    return read_fields(in_rows(scan.lines), scan.codes)


def bare(value: str) -> str:
    return re.sub(r"[\s¥$€£,]", "", value)


@pytest.mark.parametrize("paper", [*TUNE, *HELD_OUT], ids=lambda paper: paper.name)
def test_a_drawn_paper_is_read(engine: Engine, paper: Paper) -> None:
    """A value that the OCR itself misread may be missing only if the field says so."""
    kind, fields = read(engine, Picture(paper.pixels(), *paper.size))
    assert kind == paper.kind
    for name, wanted in paper.fields.items():
        found = [bare(value) for value in values(fields, name)]
        if isinstance(wanted, list) and name == "event":
            assert found == [bare(value) for value in wanted]
        elif isinstance(wanted, list):
            assert {bare(value) for value in wanted} <= set(found), name
        elif not (name.endswith("tax_number") and _is_doubted(fields, name)):
            assert found[:1] == [bare(wanted)], name
    for name, wrong in paper.never.items():
        assert not set(wrong) & set(values(fields, name))


def _is_doubted(fields: list[Field], name: str) -> bool:
    found = first(fields, name)
    return found is not None and found.valid is False


@pytest.mark.parametrize(
    ("name", "kind", "field", "value"),
    [
        ("01_app_carrier_number_zto", "waybill", "waybill_number", "78601234567890"),
        ("01_app_carrier_number_zto", "waybill", "carrier", "中通快递"),
        ("02_paper_label_sf_spaced", "waybill", "waybill_number", "SF1402857369214"),
        ("03_barcode_only_yto", "waybill", "waybill_number", "YT8836201457790"),
        ("04_einvoice_total", "invoice", "amount", "¥1600.00"),
        ("04_einvoice_total", "invoice", "seller", "杭州青禾优品电子商务有限公司"),
        ("04_einvoice_total", "invoice", "buyer", "云杉设计工作室"),
        ("04_einvoice_total", "invoice", "amount_without_tax", "¥1415.93"),
        ("04_einvoice_total", "invoice", "tax_amount", "¥184.07"),
        ("05_order_tilt10", "order", "order_number", "QH202611090078126"),
        ("06_waybill_rot90", "waybill", "waybill_number", "SF1402857369214"),
        ("09_wechat_bill", "payment", "amount", "328.00"),
        ("09_wechat_bill", "payment", "order_number", "QH202611090078126"),
        ("09_wechat_bill", "payment", "transaction_number", "4200002114202611091234567890"),
        ("09_wechat_bill", "payment", "date", "2026年11月9日 10:32:18"),
        ("10_err_ali40247", "error", "error_code", "ALI40247"),
        ("10_bsod", "error", "error_code", "IRQL NOT LESS OR EQUAL"),
        ("13_white_on_transparent", "order", "order_number", "QH202611090078126"),
        ("16_train_ticket", "invoice", "train_number", "G101"),
        ("16_train_ticket", "invoice", "buyer", "云杉设计工作室"),
        ("16_train_ticket", "invoice", "amount", "¥553.00"),
    ],
)
def test_a_paper_that_once_failed_is_read(
    engine: Engine,
    read_once: dict[str, tuple[str, list[Field]]],
    name: str,
    kind: str,
    field: str,
    value: str,
) -> None:
    if name not in read_once:
        read_once[name] = read(engine, decoded((PAPERS / f"{name}.png").read_bytes()))
    found_kind, fields = read_once[name]
    found = first(fields, field)
    assert found is not None
    assert (found_kind, found.value) == (kind, value)


@pytest.fixture(scope="module")
def read_once() -> dict[str, tuple[str, list[Field]]]:
    return {}


def test_a_scan_on_a_screenshot_is_the_state_and_no_date(engine: Engine) -> None:
    _, fields = read(engine, decoded((SCREENS / "waybill.png").read_bytes()))
    assert values(fields, "event")[0] == "2026-11-20 18:42 快件已到达成都转运中心"
    assert values(fields, "status")[0] == "快件已到达成都转运中心"
    assert values(fields, "date") == []
