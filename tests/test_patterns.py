"""Every regular expression of the project takes linear time on hostile text."""

import ast
import dataclasses
import importlib
import re
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from inference.startup import MAX_LINE
from tests.support.paths import ROOT
from tests.support.regex_attacks import grown, hostile_units

PACKAGES = ("gateway", "inference", "scripts")
# 8 × MAX_MODEL_LEN of the default engines: the longest text that any code sees.
BOUND = 262_144
SECONDS = 0.5
SIZES = (1_024, 8_192, 32_768, BOUND)
GROWTH = 3
FUNCTIONS = frozenset(
    ("compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")
)
# Modules whose text has a bound of its own, in characters.
SHORTER = {"inference.startup": MAX_LINE}
ANCHORED = frozenset(("match", "fullmatch"))
# Started as programs, or with packages that only their container has.
NOT_IMPORTED = frozenset(("inference.launch",))


def modules() -> list[str]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return [
        name.removesuffix(".__init__")
        for name in names
        if "__main__" not in name and "migrations" not in name and "_worker" not in name
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A pattern as the code uses it. `is_anchored`: it is matched at the start of the text only."""

    pattern: "re.Pattern[str]"
    where: str
    is_anchored: bool = False

    def look(self, text: str) -> None:
        if self.is_anchored:
            self.pattern.match(text)
        else:
            for _ in self.pattern.finditer(text):
                pass


def patterns_of(module: str) -> list[Found]:
    """The values of a module and the literals in its functions, each pattern once."""
    found: dict[tuple[str, int, bool], Found] = {}
    loaded = importlib.import_module(module)
    for name, value in vars(loaded).items():
        for pattern in _patterns_in(value, set()):
            found.setdefault(
                (pattern.pattern, pattern.flags, False), Found(pattern, f"{module}.{name}")
            )
    for call, _ in _calls(module):
        literal = _literal(call)
        if literal is not None:
            anchored = call.func.attr in ANCHORED  # type: ignore[attr-defined]  # an attribute of re, as _calls picks
            pattern = re.compile(literal)
            found.setdefault(
                (literal, pattern.flags, anchored),
                Found(pattern, f"{module}:{call.lineno}", anchored),
            )
    return list(found.values())


def _patterns_in(value: Any, seen: set[int]) -> Iterator["re.Pattern[str]"]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
        return
    if id(value) in seen or isinstance(value, str | bytes | type):
        return
    seen.add(id(value))
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    elif dataclasses.is_dataclass(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    else:
        return
    for part in parts:
        yield from _patterns_in(part, seen)


def _calls(module: str) -> list[tuple[ast.Call, bool]]:
    """Calls of `re`'s functions, each with whether it stands in a function."""
    path = ROOT.joinpath(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    tree = ast.parse(source.read_text("utf-8"))
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    return [
        (node, id(node) in inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in FUNCTIONS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    ]


def _literal(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _interrupt(_: int, __: FrameType | None) -> None:
    raise TimeoutError


def seconds_over(found: Found, text: str) -> float:
    """How long all matches take; SECONDS where they are not found by then."""
    before = signal.signal(signal.SIGVTALRM, _interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    started = time.thread_time()  # exact; a process's own stands still while its timer runs
    try:
        found.look(text)
        return time.thread_time() - started
    except TimeoutError:
        return SECONDS
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def slowest(found: Found, bound: int) -> tuple[float, str]:
    """Returns (seconds, start of the text) for the slowest hostile text. Stops at the first that is
    too slow."""
    worst = (0.0, "")
    sizes = sorted({min(size, bound) for size in SIZES})
    for head, unit in hostile_units(found.pattern.pattern, found.pattern.flags):
        for size in sizes:
            spent = seconds_over(found, grown(head, unit, size))
            worst = max(worst, (spent, f"{(head + unit)[:60]!r} to {size} characters"))
            if spent >= SECONDS:
                return worst
            if spent * (bound / size) ** GROWTH < SECONDS:
                break  # even growth by the third power stays below
            if sizes[0] < size < bound:
                small = grown(head, unit, sizes[0])
                first = min(seconds_over(found, small) for _ in range(3))
                grew, grows = size / sizes[0], bound / size
                if most_seconds(first, spent, grew, grows) >= SECONDS:  # or it was interrupted
                    spent = min(spent, seconds_over(found, grown(head, unit, size)))
                if most_seconds(first, spent, grew, grows) < SECONDS:
                    break
    return worst


def most_seconds(first: float, second: float, grew: float, grows: float) -> float:
    """How long a text takes that `grows` once more, at most.

    `first` and `second`: seconds of a text before and after it grew `grew` times. What the second
    took beyond linear growth may be all of the third power.
    """
    beyond = max(0.0, second - grew * first)
    return grows * second + beyond * (grew * grows) ** GROWTH / (grew**GROWTH - grew)


@pytest.mark.timeout(900)
def test_every_pattern_is_linear_on_hostile_text_grown_to_its_bound() -> None:
    slow, looked_at = [], set()
    for module in modules():
        if module in NOT_IMPORTED:
            continue
        bound = SHORTER.get(module, BOUND)
        for found in patterns_of(module):
            one = (found.pattern.pattern, found.pattern.flags, found.is_anchored, bound)
            if one in looked_at:  # a constant that another module imports
                continue
            looked_at.add(one)
            spent, text = slowest(found, bound)
            if spent >= SECONDS:
                slow.append(f"{found.where}: {text}")
    assert slow == []
    assert len(looked_at) > 50


def test_a_pattern_that_backtracks_is_found_out() -> None:
    for pattern in (
        r"(?:a|b)\s*[::#]?\s*(?:(?:is)\s*)?x",
        r"[\w.+-]+@[\w-]+",
        r"(a+)+$",
        r"^\s*(?:\*\*)?\s*x",
    ):
        spent, _ = slowest(Found(re.compile(pattern, re.MULTILINE), "here"), BOUND)
        assert spent >= SECONDS, pattern
    assert slowest(Found(re.compile(r"(?<![\w])\w{1,64}@"), "here"), BOUND)[0] < SECONDS


@pytest.mark.parametrize("power", [2, 3])
def test_growth_beyond_linear_is_never_taken_for_linear(power: int) -> None:
    """The smallest share of a power that reaches the limit at the bound."""
    for linear in (0.000_01, 0.001, 0.05):
        first, second, *_, last = (
            linear * size / BOUND + (SECONDS - linear) * (size / BOUND) ** power for size in SIZES
        )
        assert last == pytest.approx(SECONDS)
        assert most_seconds(first, second, SIZES[1] / SIZES[0], BOUND / SIZES[1]) >= last
    assert most_seconds(0.000_5, 0.004, 8, 8) < SECONDS


def test_no_pattern_is_built_where_this_test_cannot_see_it() -> None:
    """In functions a pattern is a literal, a module's constant, or made of escaped text alone."""
    hidden = [
        f"{module}:{call.lineno}"
        for module in modules()
        for call, in_function in _calls(module)
        if _literal(call) is None and not _visible(call, in_function)
    ]
    assert hidden == []


def _visible(call: ast.Call, in_function: bool) -> bool:
    """A module's constant is evaluated. In a function, only a constant's name or escaped text is
    allowed."""
    first = call.args[0]
    if not in_function:
        return True
    return (isinstance(first, ast.Name) and first.id.isupper()) or "re.escape" in ast.unparse(first)
