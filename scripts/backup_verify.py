"""make backup-verify [FILE=…] [IDENTITY=…]: restores a backup into a scratch database and counts.

Without FILE the newest backup-*.tar.gz here, else the newest that the gateway has made.
"""

import subprocess
import sys
from pathlib import Path

from gateway.backup.archive import BadArchive
from gateway.backup.names import old_ones
from scripts.gateway_command import ROOT, Refused, gateway_command
from scripts.restore import readable


def main() -> int:
    given = sys.argv[1] if len(sys.argv) > 1 else ""
    given = given or next(iter(old_ones((path.name for path in ROOT.iterdir()), 0)), "")
    try:
        if not given:
            return subprocess.run(gateway_command("verify"), cwd=ROOT).returncode
        with readable(given) as file:
            print(f"Verifying {given} …", flush=True)
            return verify(file)
    except (Refused, BadArchive) as error:
        print(f"make backup-verify: {error}", file=sys.stderr)
        return 1


def verify(file: Path) -> int:
    """Returns the status of `python -m gateway.backup verify`."""
    with file.open("rb") as read:
        return subprocess.run(gateway_command("verify", "-"), cwd=ROOT, stdin=read).returncode


if __name__ == "__main__":
    sys.exit(main())
