"""make outbox [REPLAY=<webhook-id> or REPLAY=failed]: webhook deliveries that wait or failed.

Asks the gateway in Docker where it runs there, else the database that the settings name here.
"""

import subprocess
import sys
from pathlib import Path

from scripts.key import running_in_docker

ROOT = Path(__file__).parents[1]
MODULE = "gateway.webhooks.outbox"
DOCKER = ("docker", "compose", "exec", "-T", "gateway", "/venv/bin/python")


def main() -> int:
    what = sys.argv[1:2]
    python = ROOT / ".venv" / "bin" / "python"
    if running_in_docker():
        command = [*DOCKER, "-m", MODULE, *what]
    elif python.is_file():
        command = [str(python), "-m", MODULE, *what]
    else:
        print("make outbox: nothing is installed here yet: make setup", file=sys.stderr)
        return 2
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
