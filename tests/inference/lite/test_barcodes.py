"""Barcodes are found however the paper lies, and hostile patterns take bounded time."""

import time

import numpy as np
import pytest

from inference.lite.barcodes import codes_in
from inference.lite.decode import Picture, decoded
from inference.lite.reading import Code
from tests.support.degrade import DEGRADATIONS
from tests.support.paths import DATA

BARCODE = (DATA / "papers" / "03_barcode_only_yto.png").read_bytes()


def found(data: bytes) -> list[Code]:
    return [code for codes in codes_in(decoded(data)) for code in codes]


@pytest.mark.parametrize(
    "how",
    [
        "clean",
        "tilt 15",
        "tilt 30",
        "tilt -20",
        "turned 90",
        "dark mode",
        "defocus 3",
        "motion 9",
        "4K desktop",
        "long page",
        "360 px wide",
        "phone photo",
    ],
)
def test_a_barcode_is_read(how: str) -> None:
    assert {code.text for code in found(DEGRADATIONS[how](BARCODE))} == {"YT8836201457790"}


def test_two_copies_of_a_code_are_two_codes_and_none_is_found_twice() -> None:
    boxes = [code.box for code in found(BARCODE)]
    assert len(boxes) == len(set(boxes)) == 2


def test_noise_has_no_codes_and_no_step_takes_long() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (4_000, 4_000, 3), np.uint8)
    steps = codes_in(Picture(noise, 4_000, 4_000))
    started = time.process_time()
    for codes in steps:
        assert codes == []
        assert time.process_time() - started < 2
        started = time.process_time()
