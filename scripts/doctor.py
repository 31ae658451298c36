"""make doctor: one page about this machine and the stack on it, to paste into a ticket.

A verdict a line, with a remedy for each red one. Secrets are masked. Exits with 1 if one is red.
SELFTEST=1 asks the running desk real questions, too.
"""

import datetime
import importlib
import os
import platform
import sys
from collections.abc import Iterator

from scripts import preflight
from scripts.bundle import version
from scripts.checks import card, machine, settings
from scripts.checks.connectors import connectors
from scripts.checks.plan import Plan, info, make_plan
from scripts.checks.stack import stack
from scripts.env_file import ROOT, secrets_of
from scripts.findings import Finding, line, masked


def main() -> int:
    plan = make_plan()
    os.environ["ENGINE"] = plan.engine
    secrets = secrets_of(plan.settings)
    print(masked(header(plan), secrets), flush=True)
    red = 0
    for finding in findings(plan):
        print(masked(line(finding), secrets), flush=True)
        red += finding.is_red
    print(f"ENGINE={plan.engine}: " + (f"{red} red, see above." if red else "nothing is red."))
    return 1 if red else 0


def header(plan: Plan) -> str:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    profiles = ",".join(sorted(plan.profiles)) or "none"
    return (
        f"SightDesk {version()}, ENGINE={plan.engine}, profiles {profiles}; {now}\n"
        f"{platform.platform()}; Docker {info('{{.ServerVersion}}') or 'does not answer'}"
    )


def findings(plan: Plan) -> Iterator[Finding]:
    yield machine.python()
    yield from preflight.findings(plan)
    if plan.engine != "gpu":
        yield from card.gpu(plan)
    if (plan.root / ".env").exists():
        yield settings.service_secrets(plan)
    yield from stack(plan)
    yield from connectors(plan)
    if os.environ.get("SELFTEST") == "1":
        yield from selftest(plan)


def selftest(plan: Plan) -> Iterator[Finding]:
    """Real questions through nginx (scripts/selftest.py)."""
    url = f"http://127.0.0.1:{plan.settings.get('HTTP_PORT') or '8080'}"
    user = plan.settings.get("BASIC_AUTH_USER") or "admin"
    found = importlib.import_module("scripts.selftest").run(
        url, user, plan.settings.get("BASIC_AUTH_PASSWORD", "")
    )
    for one in found:
        yield Finding(one.good, one.text, one.needed, getattr(one, "remedy", ""))


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
