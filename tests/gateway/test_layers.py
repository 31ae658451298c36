"""Imports go one way: down ORDER between packages, and without cycles between modules."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A package may import those before it in this list.
ORDER = (
    *("observability", "openai", "server", "auth", "upstream", "throttling", "privacy"),
    *("storage", "connectors", "actions", "webhooks", "knowledge", "media", "reports"),
    *("assistant", "handoffs", "chat", "backup", "middleware", "api"),
)
LEAVES = {
    "",
    "backup_times",
    "errors",
    "service_hours",
    "setting_compose",
    "setting_limits",
    "setting_monitoring",
    "setting_backups",
    "setting_people",
    "setting_pictures",
    "setting_profiles",
    "setting_tracing",
    "setting_s3",
    "setting_sign_in",
    "setting_values",
    "settings",
}  # what every package may import; "" is gateway/__init__.py
ROOTS = {"__main__", "app", "composition"}  # modules that no package imports, but for the next line
IMPORTED_ROOTS: set[str] = set()


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in (ROOT / "gateway").rglob("*.py")}


def imports_of(path: Path) -> set[str]:
    """The modules of the gateway that `path` imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in whole}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(MODULES)


IMPORTS = {name: imports_of(path) for name, path in MODULES.items()}


def part_of(module: str) -> str:
    """The package or the single module directly under `gateway`; "" for `gateway` itself."""
    return module.partition(".")[2].partition(".")[0]


def test_every_part_of_the_gateway_has_its_place() -> None:
    assert {part_of(name) for name in MODULES} == {*ORDER, *LEAVES, *ROOTS}


def test_a_package_imports_only_leaves_and_packages_before_it() -> None:
    wrong = [
        (name, imported)
        for name, imports in IMPORTS.items()
        for imported in imports
        if part_of(name) in ORDER
        and part_of(imported) not in LEAVES | IMPORTED_ROOTS
        and part_of(imported) not in ORDER[: ORDER.index(part_of(name)) + 1]
    ]
    assert wrong == []


def test_a_leaf_imports_only_leaves() -> None:
    wrong = [
        (name, imported)
        for name, imports in IMPORTS.items()
        for imported in imports
        if part_of(name) in LEAVES and part_of(imported) not in LEAVES
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        raise AssertionError(" → ".join(error.args[1])) from None
