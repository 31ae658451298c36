"""What a connector keeps of a system's answer: JSONPath (RFC 9535), bounded in time and size."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.function_extensions import ExpressionType, FilterFunction

from gateway.connectors.patterns import PatternError, matches
from gateway.connectors.problems import Wrong

MAX_TEXT = 2_000  # characters of one text that are kept
MAX_ITEMS = 50  # of a list or mapping
MAX_DEPTH = 8
MAX_CHARACTERS = 16_000  # of a result as a whole
MAX_QUERY = 500
CUT = "…"
Hide = Callable[[str], str]


class NotAsDescribed(Exception):
    """Nothing of what the file keeps is in the answer."""


class NothingFound(NotAsDescribed):
    """The list in which the file looks for it is empty: the system has no such record."""


class _Matches(FilterFunction):
    """RFC 9535's `match` and `search`, by RE2."""

    arg_types = (ExpressionType.VALUE, ExpressionType.VALUE)  # type: ignore[assignment]  # the library types it as a list
    return_type = ExpressionType.LOGICAL

    def __init__(self, whole: bool) -> None:
        self._whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        try:
            return matches(pattern, value, whole=self._whole)
        except PatternError:
            return False


class _Environment(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Matches(whole=True)
        self.function_extensions["search"] = _Matches(whole=False)


class ResultPaths:
    """`paths`: name → query. Raises Wrong, with the name as its place."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        environment = _Environment(strict=True)
        self._paths = {name: _compiled(environment, name, path) for name, path in paths.items()}
        self.names = frozenset(self._paths)

    def keep(self, answer: Any, hide: Hide = str) -> dict[str, Any]:
        """One value for a query that names one place, else a list; null where there is nothing.
        `hide`: as `bounded` takes it.

        Raises NotAsDescribed where no query finds anything, NothingFound where that is since a
        list is empty.
        """
        found = {name: _found(path, answer) for name, path in self._paths.items()}
        if found and all(value in (None, []) for value in found.values()):
            is_empty = any(_ends_in_empty_list(path, answer) for path in self._paths.values())
            raise NothingFound if is_empty else NotAsDescribed
        kept: dict[str, Any] = bounded(found, hide)
        return kept


def _compiled(environment: JSONPathEnvironment, name: str, query: str) -> JSONPath:
    if len(query) > MAX_QUERY:
        raise Wrong(f"the query has {len(query)} characters, at most {MAX_QUERY}", name)
    # Each `..` visits the whole answer. Inside of a filter that is once for every element.
    inside = query.partition("?")[2]
    if query.count("..") > 1 or ".." in inside or inside.count("?") > 1:
        raise Wrong("the query could take too long: one `..`, outside of filters", name)
    try:
        made = environment.compile(query)
    except JSONPathError as error:
        reason = str(error).partition("\n")[0][:160]
        raise Wrong(f"{query[:80]!r} is no JSONPath query: {reason}", name) from None
    assert isinstance(made, JSONPath)  # strict syntax knows no unions
    return made


def _found(path: JSONPath, answer: Any) -> Any:
    try:
        values = [match.obj for match in itertools.islice(path.finditer(answer), MAX_ITEMS + 1)]
    except (JSONPathError, RecursionError):
        values = []
    if path.singular_query():
        return values[0] if values else None
    return values


def _ends_in_empty_list(path: JSONPath, answer: Any) -> bool:
    """Whether the query, step by step, comes to empty lists alone and no further."""
    reached: list[Any] = [answer]
    for end in range(1, len(path.segments) + 1):
        part = JSONPath(env=path.env, segments=path.segments[:end])
        try:
            found = [match.obj for match in part.finditer(answer)]
        except (JSONPathError, RecursionError):
            return False
        if not found:
            break
        reached = found
    return all(isinstance(one, list) and not one for one in reached)


def bounded(value: Any, hide: Hide = str) -> Any:
    """JSON within the bounds above. Texts are cut, and what is too much is left out.

    `hide` takes secrets out of each text before it is cut: of a half one nothing could be found.
    """
    return _Cut(hide).of(value, 0)


class _Cut:
    def __init__(self, hide: Hide) -> None:
        self._hide = hide
        self._left = MAX_CHARACTERS

    def of(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            value = self._hide(value)
            most = max(0, min(MAX_TEXT, self._left))
            self._left -= min(len(value), most) + 2
            return value if len(value) <= most else value[:most] + CUT
        if isinstance(value, dict | list) and depth >= MAX_DEPTH:
            return None
        if isinstance(value, list):
            made = []
            for one in value[:MAX_ITEMS]:
                if self._left <= 0:
                    break
                made.append(self.of(one, depth + 1))
            return made
        if isinstance(value, dict):
            kept: dict[str, Any] = {}
            for name, one in itertools.islice(value.items(), MAX_ITEMS):
                if self._left <= 0:
                    break
                kept[self.of(str(name), depth)] = self.of(one, depth + 1)
            return kept
        self._left -= 20 if not isinstance(value, int) else max(5, value.bit_length() // 3)
        return value
