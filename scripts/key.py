"""make key NAME=… [LIMIT=600/minute] [ROLE=staff]: creates an API key and shows it once.

Only its digest is stored. The gateway accepts it without a restart. A second key of the same name
works beside the first until the first one's entry is deleted from the file.
"""

import hashlib
import json
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if not name.replace("-", "").replace("_", "").isalnum():
        print("make key: NAME has letters, digits, - and _: make key NAME=shop", file=sys.stderr)
        return 2
    limit = sys.argv[2] if len(sys.argv) > 2 else ""
    if limit and not LIMIT.fullmatch(limit):
        print(
            f"make key: {limit} is not a rate: make key NAME=shop LIMIT=600/minute", file=sys.stderr
        )
        return 2
    role = sys.argv[3] if len(sys.argv) > 3 else ""
    if role not in ("", "staff"):
        print(f"make key: {role} is no role: make key NAME=anna ROLE=staff", file=sys.stderr)
        return 2
    key = "sk-" + secrets.token_urlsafe(32)
    entry: dict[str, object] = {
        "name": name,
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "created": int(time.time()),
    }
    entry |= {"limit": limit} if limit else {}
    entry |= {"role": role} if role else {}
    if running_in_docker():
        program = "import json,pathlib,sys; p=pathlib.Path('/data/api-keys.json'); d=json.loads(p.read_text()) if p.exists() else {'keys':[]}; d['keys'].append(json.loads(sys.argv[1])); t=p.with_suffix('.new'); t.write_text(json.dumps(d)); t.replace(p)"  # fmt: skip
        command = [
            "docker",
            "compose",
            "exec",
            "-T",
            "gateway",
            "/venv/bin/python",
            "-c",
            program,
            json.dumps(entry),
        ]
        subprocess.run(command, cwd=ROOT, check=True)
    else:
        path = ROOT / "data" / "api-keys.json"
        path.parent.mkdir(exist_ok=True)
        known = json.loads(path.read_text()) if path.exists() else {"keys": []}
        known["keys"].append(entry)
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(known, indent=1))
        new.replace(path)
        print(f"Set API_KEYS_FILE={path} for the gateway.", file=sys.stderr)
    print(key)
    return 0


def running_in_docker() -> bool:
    try:
        listed = subprocess.run(
            ["docker", "compose", "ps", "-q", "gateway"], cwd=ROOT, capture_output=True, text=True
        )
    except FileNotFoundError:
        return False
    return listed.returncode == 0 and bool(listed.stdout.strip())


if __name__ == "__main__":
    sys.exit(main())
