"""Sentences of a connector's file: sandboxed Jinja that can neither call, nor compute, nor loop
for long."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.connectors.problems import Wrong

MAX_SOURCE = 4_000
MAX_TEXT = 2_000  # characters of a sentence; the rest is cut
MAX_LOOPS = 2  # inside each other
# Behind a full-width mark a space is what YAML made of a line break. Curly quotes are English, too:
# behind them it is so only before Chinese.
FOLDED = re.compile(r"([，。；：、！？（）])[ \n]|([“”])[ \n](?=[\u2e80-\u9fff\uff00-\uffef])")
FILTERS = frozenset(
    ("abs", "d", "default", "first", "float", "int", "join", "last", "length", "list", "lower")
) | frozenset(("replace", "reverse", "round", "sort", "string", "title", "trim", "upper", "unique"))
REFUSED = (
    nodes.Call, nodes.Mul, nodes.Pow, nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import,
    nodes.FromImport, nodes.Extends, nodes.Block, nodes.FilterBlock, nodes.Assign,
    nodes.AssignBlock, nodes.Mod,
)  # fmt: skip


@lru_cache(1)
def _environment() -> ImmutableSandboxedEnvironment:
    # Sentences are text, which the page shows as text.
    made = ImmutableSandboxedEnvironment(autoescape=False, finalize=_shown)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    return made


def _shown(value: Any) -> Any:
    if value is None or callable(value):
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


class Wording:
    """One text by language. Raises Wrong for a text that Jinja cannot read, that is not allowed,
    or that names what is not in `names` (None: anything)."""

    def __init__(self, texts: Mapping[str, str], names: frozenset[str] | None) -> None:
        self._templates = {
            language: _compiled(FOLDED.sub(r"\1\2", text), names, language)
            for language, text in texts.items()
        }

    def say(self, language: str, values: Mapping[str, Any]) -> str:
        """Empty where the values do not fit the text."""
        template = self._templates.get(language) or next(iter(self._templates.values()), None)
        if template is None:
            return ""
        made, length = [], 0
        try:
            for piece in template.generate(**values):
                made.append(piece)
                length += len(piece)
                if length > MAX_TEXT:
                    break
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            return ""  # what Jinja and its filters raise on a value of another kind
        return "".join(made)[:MAX_TEXT].strip()


def _compiled(text: str, names: frozenset[str] | None, language: str) -> Template:
    if len(text) > MAX_SOURCE:
        raise Wrong(f"has {len(text)} characters, at most {MAX_SOURCE}", language)
    try:
        tree = _environment().parse(text)
        _check(tree, 0)
        unknown = find_undeclared_variables(tree) - names if names is not None else set()
        made = _environment().from_string(text)
    except TemplateError as error:
        raise Wrong(f"is no Jinja template: {str(error)[:160]}", language) from None
    except RecursionError:
        raise Wrong("is nested too deeply", language) from None
    except Wrong as wrong:
        raise wrong.under(language) from None
    if unknown:
        raise Wrong(f"names what there is not: {', '.join(sorted(unknown))}", language)
    return made


def _check(node: nodes.Node, loops: int) -> None:
    if isinstance(node, REFUSED):
        kind = type(node).__name__.lower()
        raise Wrong(f"{kind} is not allowed in a sentence: values, if, for and simple filters are")
    if isinstance(node, nodes.Filter) and not all(
        isinstance(argument, nodes.Const)
        for argument in (*node.args, *(keyword.value for keyword in node.kwargs))
    ):
        raise Wrong(f"the filter {node.name} takes written values only")
    if isinstance(node, nodes.For):
        loops += 1
        if loops > MAX_LOOPS or node.recursive:
            raise Wrong(f"has loops nested deeper than {MAX_LOOPS}")
    for child in node.iter_child_nodes():
        _check(child, loops)
