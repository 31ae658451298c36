"""Draws a paper from lines of `x y size text` and says what a reader has to find on it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inference.lite.decode import Pixels

FONTS = Path("/usr/share/fonts/opentype/noto")


@dataclass(frozen=True, slots=True)
class Paper:
    """`fields`: values that must be found, spaces and currency signs apart. `never`: values that no
    field of these names may have. `colours`: background and text."""

    name: str
    kind: str
    size: tuple[int, int]
    text: str
    fields: dict[str, str | list[str]]
    never: dict[str, list[str]] = field(default_factory=dict)
    colours: tuple[str, str] = ("white", "black")

    @property
    def marks(self) -> Iterator[tuple[int, int, int, str]]:
        for line in self.text.strip().splitlines():
            left, top, size, words = line.strip().split(" ", 3)
            yield int(left), int(top), int(size), words

    def pixels(self) -> Pixels:
        """The paper as (height, width, RGB)."""
        image = Image.new("RGB", self.size, self.colours[0])
        pen = ImageDraw.Draw(image)
        for left, top, size, words in self.marks:
            if words == "----":
                pen.line((left, top, left + size, top), fill=self.colours[1])
            else:
                pen.text((left, top), words, self.colours[1], font(size))
        return np.asarray(image)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "NotoSansCJK-Regular.ttc"), size, index=2)
