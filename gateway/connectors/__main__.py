"""python -m gateway.connectors: what is wrong in CONNECTORS_DIR, and which systems answer.

Prints a line of JSON for each file with a problem and for each system: {name, ok, reason}. Exits
with 1 if one of them is not ok. `make doctor` calls it.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.connectors.folder import ConnectorFolder
from gateway.observability.logs import configure
from gateway.observability.metrics import Metrics


async def look(folder: Path) -> list[dict[str, Any]]:
    connectors = ConnectorFolder(folder, os.environ, Metrics(__version__, "connectors"))
    try:
        await connectors.refresh()
        wrong = [
            {"name": f"{one.path}:{one.line}", "ok": False, "reason": one.reason}
            for one in connectors.problems
        ]
        health = await connectors.health()
        return wrong + [{name: one[name] for name in ("name", "ok", "reason")} for one in health]
    finally:
        await connectors.close()


def main() -> int:
    configure("error", "text")
    found = asyncio.run(look(Path(os.environ.get("CONNECTORS_DIR") or "connectors")))
    for one in found:
        sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
    return 0 if all(one["ok"] for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
