"""make backup [SECRETS=1]: writes everything that cannot be made again into one archive here.

The gateway writes it, in its container or here, and may serve meanwhile (gateway/backup/).
Standard library only: on a Docker host nothing is installed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from gateway.backup.archive import ENCRYPTED
from gateway.backup.settings_text import parsed, rendered
from scripts.gateway_command import ROOT, Refused, gateway_command, is_docker


def main() -> int:
    with_secrets = os.environ.get("SECRETS") == "1"
    try:
        print(backup(with_secrets=with_secrets).name)
    except Refused as error:
        print(f"make backup: {error}", file=sys.stderr)
        return 1
    return 0


def backup(*, with_secrets: bool = False, running: bool = False) -> Path:
    """Returns the archive. `running`: the gateway that runs makes it, not a new container of its
    image. Raises Refused."""
    options = ["create", "-", *(["--secrets"] if with_secrets else [])]
    given = b""
    if is_docker():
        values = parsed((ROOT / ".env").read_text("utf-8"))
        given = rendered(values, with_secrets=with_secrets).encode()
        options.append("--settings")
    part = ROOT / f".backup-{os.getpid()}.part"
    try:
        with open(part, "xb", opener=_private) as written:
            command = gateway_command(*options, running=running)
            ended = subprocess.run(command, cwd=ROOT, input=given, stdout=written)
        if ended.returncode:
            raise Refused("nothing was written; the line above says why")
        return part.rename(ROOT / _name(part))
    finally:
        part.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _name(file: Path) -> str:
    with file.open("rb") as read:
        is_encrypted = read.read(len(ENCRYPTED)) == ENCRYPTED
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return f"backup-{moment}.tar.gz" + (".age" if is_encrypted else "")


if __name__ == "__main__":
    sys.exit(main())
