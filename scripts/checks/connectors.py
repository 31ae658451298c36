"""What is wrong with the connectors, and which of their systems answer."""

import json
import os
import subprocess

from scripts.checks.plan import Plan, works
from scripts.findings import Finding

SECONDS = 60
INSIDE = ("docker", "compose", "exec", "-T", "gateway", "/venv/bin/python")


def connectors(plan: Plan) -> list[Finding]:
    """Asked from where the gateway runs, if it runs in Docker."""
    folder = plan.root / (plan.settings.get("CONNECTORS_DIR") or "connectors")
    if not any(folder.glob("*.y*ml")):
        return []
    here = (str(plan.root / ".venv/bin/python"),)
    python = INSIDE if works(*INSIDE, "-c", "pass") else here
    try:
        told = subprocess.run(
            [*python, "-m", "gateway.connectors"],
            cwd=plan.root,
            env={**os.environ, "CONNECTORS_DIR": str(folder)} if python == here else None,
            capture_output=True,
            timeout=SECONDS,
        ).stdout.decode()
        found = [json.loads(line) for line in told.splitlines()]
    except (OSError, ValueError, subprocess.TimeoutExpired):
        remedy = "run make demo once"
        return [Finding(False, "connectors: cannot be looked at", needed=False, remedy=remedy)]
    return [
        Finding(
            one["ok"],
            f"connector {one['name']}: {one['reason'] or 'answers'}",
            remedy="correct its file, or mend the system (docs/connectors.md)",
        )
        for one in found
    ]
