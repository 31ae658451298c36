"""The accepted run (`accepted.json` beside the cases): what failed in it, by engine and case."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from scripts.evals.cases import CaseError

Faults: TypeAlias = dict[str, list[str]]  # case → the marks that failed, such as "2 clause"


@dataclass(frozen=True, slots=True)
class Changes:
    worse: list[str]  # "case: marks", that held in the accepted run
    better: list[str]
    new: list[str]  # cases that the accepted run does not know
    gone: list[str]


def read(path: Path, engine: str) -> Faults | None:
    """None if no run of this engine was accepted. Raises CaseError for a file that is no JSON."""
    if not path.exists():
        return None
    try:
        accepted: dict[str, Faults] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise CaseError(f"{path.name}: {error}") from error
    return accepted.get(engine)


def write(path: Path, engine: str, faults: Faults) -> None:
    accepted = json.loads(path.read_text("utf-8")) if path.exists() else {}
    accepted[engine] = faults
    path.write_text(
        json.dumps(accepted, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8"
    )


def compare(accepted: Faults, faults: Faults) -> Changes:
    worse, better = [], []
    for case in accepted.keys() & faults.keys():
        before, now = set(accepted[case]), set(faults[case])
        if lost := sorted(now - before):
            worse.append(f"{case}: {', '.join(lost)}")
        if won := sorted(before - now):
            better.append(f"{case}: {', '.join(won)}")
    return Changes(
        sorted(worse),
        sorted(better),
        sorted(faults.keys() - accepted.keys()),
        sorted(accepted.keys() - faults.keys()),
    )
