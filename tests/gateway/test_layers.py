"""Data flows one way: a package imports leaves and earlier stages, never a later one."""

import ast
from pathlib import Path

GATEWAY = Path(__file__).parents[2] / "gateway"
# Every package may import those before it, and the leaves that are single modules.
ORDER = [
    *(
        "openai",
        "observability",
        "server",
        "auth",
        "upstream",
        "throttling",
        "privacy",
        "storage",
        "knowledge",
    ),
    *("media", "chat", "middleware", "api"),
]
ROOTS = {"app", "desk", "__main__"}
COMPOSITION = "gateway.composition"


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }


def test_no_stage_imports_a_later_one() -> None:
    wrong = [
        (path.relative_to(GATEWAY).as_posix(), name)
        for number, package in enumerate(ORDER)
        for path in (GATEWAY / package).glob("*.py")
        for name in imports(path)
        if name.startswith("gateway.") and name.split(".")[1] in ORDER[number + 1 :]
    ]
    assert wrong == []


def test_leaves_import_no_package() -> None:
    wrong = [
        (path.name, name)
        for path in GATEWAY.glob("*.py")
        if path.stem not in ROOTS
        for name in imports(path)
        if name.startswith("gateway.") and name.split(".")[1] in ORDER
    ]
    assert wrong == []


def test_only_the_composition_root_knows_all_parts() -> None:
    wrong = [
        path.relative_to(GATEWAY).as_posix()
        for path in GATEWAY.rglob("*.py")
        if path.parent.name != "composition" and path.name != "app.py"
        if any(name.startswith(COMPOSITION) for name in imports(path))
    ]
    assert wrong == []
