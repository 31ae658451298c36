"""Traditional Chinese characters → simplified ones, one for one, for searching only."""

from functools import cache

FIRST, LAST = 0x3400, 0x9FFF  # the Han characters of Unicode's basic plane


@cache
def simplified_characters() -> dict[int, str]:
    """Traditional → simplified, by code point, from OpenCC's tables. Takes 0.1 s once.

    A process that is about to lose its right to read files calls this first.
    """
    from opencc import OpenCC

    characters = [chr(point) for point in range(FIRST, LAST + 1)]
    converted = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {
        ord(before): after
        for before, after in zip(characters, converted, strict=True)
        if before != after
    }


def simplified(text: str) -> str:
    return text if text.isascii() else text.translate(simplified_characters())
