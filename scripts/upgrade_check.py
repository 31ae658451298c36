"""Asks a desk real questions through nginx before and after an upgrade (scripts/selftest.py)."""

import time
from collections.abc import Mapping

from scripts.desk_client import DeskClient
from scripts.findings import Finding
from scripts.selftest import SelfTest

SECONDS = 90.0  # nginx looks up the gateway every 5 s, and engines are probed


def red_parts(settings: Mapping[str, str]) -> dict[str, str]:
    """{part of the self-test: what is wrong with it}: signing in, a question as text, one about a
    picture. What the questions leave is removed. `settings`: of .env."""
    url = f"http://127.0.0.1:{settings.get('HTTP_PORT') or 8080}"
    user = settings.get("BASIC_AUTH_USER") or "admin"
    test = SelfTest(DeskClient(url, user, settings.get("BASIC_AUTH_PASSWORD", "")))
    found = [test.sign_in()]
    if found[0].good:
        try:
            found += [test.text(), test.picture()]
        finally:
            found.append(test.remove())
    return {_part(one): one.text for one in found if one.is_red}


def newly_red(settings: Mapping[str, str], known: Mapping[str, str]) -> str:
    """What is wrong now and was not before, in one line; "" where nothing is."""
    deadline = time.monotonic() + SECONDS
    while True:
        wrong = [text for part, text in red_parts(settings).items() if part not in known]
        if not wrong or time.monotonic() > deadline:
            return " ".join("; ".join(wrong).split())
        time.sleep(2)


def _part(finding: Finding) -> str:
    return finding.text.partition(":")[0]
