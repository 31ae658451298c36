"""`make bench-papers`: fields read from the example screens, degraded as people send them.

Each of seven screens goes through each degradation of tests/support/degrade.py to `lite`'s
`POST /v1/read`. A field is right by name and value. It is wrong without a doubt if it has the name
of a number or an amount, no such value is on the screen, and neither `valid`, `confidence` nor
`legible` says so.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil
import requests

from benchmarks import report
from scripts.evals.judging import bare
from tests.support.degrade import DEGRADATIONS, HARD
from tests.support.paths import SCREENS
from tests.support.servers import running_lite

# Screen → the fields on it. Any of the names in one key will do.
FIELDS: dict[str, dict[str, str]] = {
    "browser-error": {"error_code": "ERR_CONNECTION_TIMED_OUT"},
    "browser-error-en": {"error_code": "DNS_PROBE_FINISHED_NXDOMAIN"},
    "app-error": {"error_code": "APP-1006"},
    "payment-failed": {
        "error_code": "PAY-4031",
        "order_number": "QH202611200019854",
        "amount": "329.00",
    },
    "order": {
        "order_number": "QH202611090078126",
        "waybill_number": "YT8836201457790",
        "amount": "469.00",
        "date": "2026-11-09",
    },
    "waybill": {
        "waybill_number": "SF1402857369214",
        "order_number": "QH202611180042317",
        "carrier": "顺丰",
        "status": "运输中",
    },
    "invoice": {
        "invoice_number": "26332000000187405931",
        "amount": "1600.01",
        "tax_number buyer_tax_number": "91330106MA2K4TXN7C",
        "date": "2026-11-12",
    },
}
NUMBERS = frozenset(
    [
        "error_code",
        "order_number",
        "waybill_number",
        "invoice_number",
        "invoice_code",
        "amount",
        "tax_number",
        "buyer_tax_number",
        "seller_tax_number",
        "transaction_number",
        "train_number",
    ]
)
DOUBTED = 0.8  # a confidence below says that the field may be wrong
READ_SECONDS = 120
GOAL_RIGHT, GOAL_WRONG = 0.92, 0.01


@dataclass(slots=True)
class Row:
    right: int = 0
    wanted: int = 0
    wrong: int = 0
    unreadable: int = 0  # readings that say so
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def take(self, screen: str, reading: Mapping[str, Any], seconds: float) -> None:
        wanted = FIELDS[screen]
        read = list(reading.get("fields") or ())
        missing = [f"{k.split()[0]} {v}" for k, v in wanted.items() if not holds(read, k, v)]
        invented = false_fields(screen, reading)
        self.wanted += len(wanted)
        self.right += len(wanted) - len(missing)
        self.wrong += len(invented)
        self.unreadable += reading.get("legible") is False
        self.seconds.append(seconds)
        if missing or invented:
            told = [f"-{each}" for each in missing] + [f"!{each}" for each in invented]
            self.faults.append(f"{screen}: {', '.join(told)}")


def holds(read: Sequence[Mapping[str, Any]], names: str, value: str) -> bool:
    """Whether a field with one of the names (space between) has the value. A date is compared by
    its digits, a carrier by its beginning."""
    for each in read:
        if each.get("name") not in names.split():
            continue
        found = str(each.get("value"))
        if names == "date":
            if digits(found) == digits(value):
                return True
        elif names == "carrier":
            if found.startswith(value):
                return True
        elif bare(found) == bare(value):
            return True
    return False


def digits(date: str) -> list[int]:
    return [int(part) for part in "".join(c if c.isdigit() else " " for c in date).split()][:3]


def false_fields(screen: str, reading: Mapping[str, Any]) -> list[str]:
    """`name value` of the numbers that are not on the screen, where nothing says a doubt."""
    if reading.get("legible") is False or reading.get("partial"):
        return []
    known = FIELDS[screen]
    return [
        f"{each['name']} {each['value']}"
        for each in reading.get("fields") or ()
        if each.get("name") in NUMBERS
        and each.get("valid") is not False
        and float(each.get("confidence") or 0) >= DOUBTED
        and bare(str(each.get("value")))
        not in {bare(value) for names, value in known.items() if each["name"] in names.split()}
    ]


def measure(url: str, name: str) -> Row:
    row = Row()
    for screen in FIELDS:
        data = DEGRADATIONS[name]((SCREENS / f"{screen}.png").read_bytes())
        started = time.perf_counter()
        answer = requests.post(url + "/v1/read", data=data, timeout=READ_SECONDS)
        seconds = time.perf_counter() - started
        reading = answer.json() if answer.ok else {"fields": []}
        row.take(screen, reading, seconds)
        if not answer.ok:
            row.faults.append(f"{screen}: {answer.status_code} {answer.text[:80]}")
    return row


def measure_all(names: Sequence[str]) -> tuple[dict[str, Row], float, float]:
    """(degradation → row, the reader's megabytes at the start, the most after a row)."""
    rows: dict[str, Row] = {}
    with running_lite() as lite:
        process = psutil.Process(lite.process.pid)
        at_start = peak = resident(process)
        for name in names:
            rows[name] = measure(lite.url, name)
            peak = max(peak, resident(process))
            print(f"  {name}: {rows[name].right} of {rows[name].wanted}", file=sys.stderr)
    return rows, at_start, peak


def table(rows: Mapping[str, Row]) -> list[str]:
    made = [
        "| as people send it | fields right | wrong, no doubt said | said unreadable | s, median |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, row in rows.items():
        hard = " *" if name in HARD else ""
        made.append(
            f"| {name}{hard} | {row.right} of {row.wanted} | {row.wrong} "
            f"| {row.unreadable} of {len(row.seconds)} | {statistics.median(row.seconds):.2f} |"
        )
    return made


def summary(rows: Mapping[str, Row]) -> list[tuple[str, str, str]]:
    """(measure, figure, bound). A field of a hard picture is no fault where the reading says
    that it cannot be read."""
    easy = [row for name, row in rows.items() if name not in HARD]
    hard = [row for name, row in rows.items() if name in HARD]
    made: list[tuple[str, str, str]] = []
    if easy:
        right, wanted = sum(row.right for row in easy), sum(row.wanted for row in easy)
        made.append(("fields of readable screens", f"{right / wanted:.1%}", f"≥ {GOAL_RIGHT:.0%}"))
    wanted = sum(row.wanted for row in rows.values())
    wrong = sum(row.wrong for row in rows.values())
    made.append(("fields wrong, no doubt said", f"{wrong / wanted:.1%}", f"≤ {GOAL_WRONG:.0%}"))
    if hard:
        said, read = sum(row.unreadable for row in hard), sum(len(row.seconds) for row in hard)
        made.append(("* unreadable pictures said to be so", f"{said} of {read}", ""))
    return made


SECTION = """## Reading papers as people send them

`make bench-papers`, {machine}.
Seven example screens with 18 fields, drawn and then spoilt; a real `lite` reads each. Rows with *
are not counted: a person can hardly read them. Seconds depend on what else the machine does.

{table}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only degradations whose name contains this")
    parser.add_argument("--brief", action="store_true", help="leave out the largest pictures")
    parser.add_argument("--faults", action="store_true", help="list what was missing or wrong")
    options = parser.parse_args()
    large = ("4K desktop", "long page") if options.brief else ()
    names = [name for name in DEGRADATIONS if options.only in name and name not in large]
    if not names:
        print(f"papers: no degradation is named like {options.only!r}", file=sys.stderr)
        return 2
    rows, at_start, peak = measure_all(names)
    lines = [
        *table(rows),
        "\n| measure | figure | to reach |\n| --- | ---: | ---: |",
        *(f"| {' | '.join(line)} |" for line in summary(rows)),
        f"| reader's memory, MB, at start / most after a row | {at_start:.0f} / {peak:.0f} | |",
    ]
    print("\n".join(lines))
    if len(names) == len(DEGRADATIONS):
        report.write(
            "bench-papers", SECTION.format(machine=report.machine(), table="\n".join(lines))
        )
    if options.faults:
        for name, row in rows.items():
            print("\n".join(f"- {name}: {fault}" for fault in row.faults))
    return 0


def resident(process: psutil.Process) -> float:
    """Megabytes of the process and its children."""
    members = [process, *process.children(recursive=True)]
    return sum(float(member.memory_info().rss) for member in members) / 1e6


if __name__ == "__main__":
    sys.exit(main())
