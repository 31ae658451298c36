"""Writes .env from .env.example with generated secrets.

A value in an existing .env is never changed. Passwords that a later part needs and that are empty
or missing there are added.
"""

import os
import re
import secrets
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENGINES = ("gpu", "cpu", "lite")
# Passwords of the profiles' services.
ADDED = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD")


def main() -> int:
    path = ROOT / ".env"
    if path.exists():
        add_passwords(path)
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
        **{name: secrets.token_urlsafe(24) for name in ADDED},
    }
    if os.environ.get("COMPOSE_PROFILES"):
        values["COMPOSE_PROFILES"] = os.environ["COMPOSE_PROFILES"]
    text = (ROOT / ".env.example").read_text("utf-8")
    for name, value in values.items():
        text = with_value(text, name, value)
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
    print(f"Wrote .env (ENGINE={engine}) with generated secrets.")
    return 0


def with_value(text: str, name: str, value: str) -> str:
    """`text` with the variable set, where its line is or at the end."""
    line = f"{name}={value}"
    changed, count = re.subn(
        rf"^#? ?{re.escape(name)}=.*$", lambda _: line, text, count=1, flags=re.MULTILINE
    )
    return changed if count else text.rstrip("\n") + f"\n{line}\n"


def add_passwords(path: Path) -> None:
    text = before = path.read_text("utf-8")
    for name in ADDED:
        if not re.search(rf"^{re.escape(name)}=.", text, re.MULTILINE):
            text = with_value(text, name, secrets.token_urlsafe(24))
    if text == before:
        return
    new = path.with_name(".env.new")  # beside it: a write that is cut off leaves the old one
    new.touch(mode=0o600)
    new.write_text(text, "utf-8")
    new.chmod(path.stat().st_mode & 0o777)
    new.replace(path)


def found_engine(say: bool = True) -> str:
    if shutil.which("nvidia-smi"):
        return "gpu"
    if say:
        print("No NVIDIA driver found, so ENGINE=lite. Set ENGINE=gpu or cpu for another engine.")
    return "lite"


if __name__ == "__main__":
    sys.exit(main())
