"""Placeholders: strings and numbers that a schema demands and the conversation does not hold."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from inference.lite.sample import sample
from inference.lite.shape import Shape

MAX_LENGTH = 100_000  # characters of a placeholder
VARIANTS = 40  # placeholders to try
FORMATS = {
    "date": "1970-01-01",
    "date-time": "1970-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "nobody@example.com",
    "idn-email": "nobody@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "0.0.0.0",  # noqa: S104 - a value, no address that is bound
    "ipv6": "::",
    "uri": "https://example.com/",
    "uri-reference": "/",
    "iri": "https://example.com/",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "regex": "a",
}


def strings(shape: Shape) -> Iterator[str]:
    """Candidates, short ones first. The caller takes the first valid one."""
    least = shape.rule("minLength", 0)
    if "format" in shape.rules and shape.rule("format") in FORMATS:
        yield FORMATS[shape.rule("format")]
    for pattern in shape.patterns:
        for more in (*range(VARIANTS // 2), int(min(least, MAX_LENGTH))):
            made = _sampled(pattern, more)
            if made is not None:
                yield made
                # Too short a string is padded at an end, where a pattern without ^ or $ allows it.
                missing = "-" * int(min(least - len(made), MAX_LENGTH))
                yield from (made + missing, missing + made)
    if least <= MAX_LENGTH:
        yield "-" * math.ceil(least)
        for number in range(1, VARIANTS):
            yield str(number).rjust(math.ceil(least), "-")


def _sampled(pattern: str, more: int) -> str | None:
    try:
        return sample(pattern, more)
    except (LookupError, RecursionError, ValueError):
        return None  # the caller reports that no value was found


def numbers(shape: Shape) -> Iterator[int | float]:
    """Candidates: 0 first if it is allowed, else starting from the nearest bound."""
    whole = not shape.allows("number")
    step = Fraction(1) if whole else None
    for multiple in shape.multiples:
        step = multiple if step is None else _common_multiple(step, multiple)
    low = _bound(shape, "minimum", "exclusiveMinimum", max)
    high = _bound(shape, "maximum", "exclusiveMaximum", min)
    start = (
        low
        if low is not None and low > 0
        else high
        if high is not None and high < 0
        else Fraction(0)
    )
    if step is not None:
        nearest = math.floor(start / step) if start < 0 else math.ceil(start / step)
        for place in range(VARIANTS):
            yield from (_number((nearest + away) * step, whole) for away in (place, -place))
        return
    if low is not None and high is not None:
        yield _number((low + high) / 2 if start else start, whole)
        for place in range(VARIANTS):
            yield _number(low + (high - low) * Fraction(place, VARIANTS - 1), whole)
        return
    for place in range(VARIANTS):
        yield from (_number(start + away, whole) for away in (place, -place))


def _bound(shape: Shape, name: str, exclusive: str, nearer: Any) -> Fraction | None:
    named = [Fraction(str(shape.rule(rule))) for rule in (name, exclusive) if rule in shape.rules]
    return nearer(named) if named else None


def _common_multiple(one: Fraction, two: Fraction) -> Fraction:
    return Fraction(
        math.lcm(one.numerator, two.numerator), math.gcd(one.denominator, two.denominator)
    )


def _number(value: Fraction, whole: bool) -> int | float:
    return int(value) if whole or value.denominator == 1 else float(value)
