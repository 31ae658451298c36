"""Writes .env from .env.example with generated secrets. Never changes an existing .env."""

import os
import re
import secrets
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENGINES = ("gpu", "cpu", "lite")


def main() -> int:
    path = ROOT / ".env"
    if path.exists():
        return 0
    engine = os.environ.get("ENGINE") or found_engine()
    if engine not in ENGINES:
        print(f"ENGINE={engine}: choose gpu, cpu or lite.", file=sys.stderr)
        return 2
    values = {
        "ENGINE": engine,
        "API_KEYS": f"default:sk-{secrets.token_urlsafe(32)}",
        "BASIC_AUTH_PASSWORD": secrets.token_urlsafe(15),
        "PROXY_SECRET": secrets.token_urlsafe(32),
        "EMBED_SECRET": secrets.token_urlsafe(48),
        "GRAFANA_PASSWORD": secrets.token_urlsafe(15),
    }
    text = (ROOT / ".env.example").read_text("utf-8")
    for name, value in values.items():
        text = re.sub(
            rf"^#? ?{re.escape(name)}=.*$", f"{name}={value}", text, count=1, flags=re.MULTILINE
        )
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
    print(f"Wrote .env (ENGINE={engine}) with generated secrets.")
    return 0


def found_engine() -> str:
    if shutil.which("nvidia-smi"):
        return "gpu"
    print("No NVIDIA driver found, so ENGINE=lite. Set ENGINE=gpu or cpu to choose another engine.")
    return "lite"


if __name__ == "__main__":
    sys.exit(main())
