"""`make eval`: asks a desk the cases of `evals/*.toml`, prints a sheet and what changed.

Exits 1 with --gate where a mark fails that held in the accepted run, 2 where it cannot judge.
"""

import argparse
import contextlib
import sys
from pathlib import Path

import requests

from benchmarks.evals import accepted, sheet
from benchmarks.evals.asking import Customer, check_pictures
from benchmarks.evals.desk import ask_all, own_desk
from scripts.evals.cases import Case, CaseError, load
from tests.support.paths import ROOT


def main() -> int:
    options = arguments().parse_args()
    folder = Path(options.cases).resolve()
    try:
        cases = chosen(load(folder), options.half, options.only)
        check_pictures(cases)
        before = folder / "accepted.json"
        with contextlib.ExitStack() as stack:
            url = options.url or stack.enter_context(
                own_desk(Path(options.knowledge), with_business=folder == ROOT / "evals")
            )
            engine = Customer(url, options.key).engine() or "unknown"
            run = ask_all(url, options.key, cases)
    except CaseError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    except requests.RequestException as error:
        print(f"eval: no desk answers at {options.url or 'its port'}: {error}", file=sys.stderr)
        return 2
    print(f"\n{len(run)} cases of {folder.name}/ by the engine {engine}\n")
    print_sheet(run, with_misses=not options.brief)
    whole = len(cases) == len(load(folder))
    return conclude(run, before, engine, accept=options.accept, gate=options.gate, whole=whole)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a desk that runs; without it one is started here, on lite")
    parser.add_argument("--key", default="", help="an API key")
    parser.add_argument("--cases", default=str(ROOT / "evals"), help="the folder with *.toml")
    parser.add_argument(
        "--knowledge", default=str(ROOT / "knowledge"), help="the folder that a desk of ours reads"
    )
    parser.add_argument("--half", choices=("tune", "test", "own"), help="only these files")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--accept", action="store_true", help="accept this run")
    parser.add_argument("--gate", action="store_true", help="exit 1 on a regression")
    parser.add_argument("--brief", action="store_true", help="do not list what failed")
    return parser


def chosen(cases: list[Case], half: str | None, only: str) -> list[Case]:
    """Raises CaseError where none is left."""
    left = [case for case in cases if half in (None, case.half) and only in case.name]
    if not left:
        raise CaseError("no case has this half and this name")
    return left


def print_sheet(run: list[sheet.Judged], *, with_misses: bool) -> None:
    print("\n".join(sheet.table(run, "kind", lambda case: case.kind)))
    print()
    print("\n".join(sheet.table(run, "half", lambda case: case.half)))
    print(f"\n{sheet.times(run)}")
    if with_misses and (missed := sheet.misses(run)):
        print("\nnot as expected:")
        print("\n".join(missed))


def conclude(
    run: list[sheet.Judged], path: Path, engine: str, *, accept: bool, gate: bool, whole: bool
) -> int:
    """Compares with the accepted run, or accepts this one. Returns the exit code."""
    faults = sheet.faults_of(run)
    if accept:
        if not whole:
            print("eval: only a run of all cases can be accepted", file=sys.stderr)
            return 2
        accepted.write(path, engine, faults)
        print(f"\nAccepted: {path.name} holds this run of {engine}.")
        return 0
    try:
        before = accepted.read(path, engine)
    except CaseError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    if before is None:
        print(f"\nNo run of {engine} was accepted yet: ACCEPT=1 accepts this one.")
        return 2 if gate else 0
    asked = {case: known for case, known in before.items() if whole or case in faults}
    found = accepted.compare(asked, faults)
    print()
    print("\n".join(sheet.changes(found)))
    return 1 if gate and found.worse else 0


if __name__ == "__main__":
    sys.exit(main())
