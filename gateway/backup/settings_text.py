"""Settings as lines NAME=value: which of them are secrets, and how those of a backup come back."""

import re
from collections.abc import Iterable, Mapping

LINE = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")
SECRET_ENDS = ("_SECRET", "_PASSWORD", "_TOKEN", "_KEY", "_KEYS", "_HEADERS", "WEBHOOK_URL")
# A connector's URL is often the secret itself, such as a chat bot's.
SECRET_STARTS = ("CONNECTOR_",)
SECRETS = ("DATABASE_URL", "DEADMAN_URL")
NO_SECRETS = ("RATE_LIMIT_KEY",)
# The key that opens encrypted backups (docs/backup.md): whoever gets a backup must not get it too.
BACKUP_KEY = "BACKUP_AGE_IDENTITY"
AGE_KEY = "AGE-SECRET-KEY-"
HAS_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")


def is_secret(name: str, value: str) -> bool:
    """By its name, or since its value is a URL with a password or a key of age."""
    if name in NO_SECRETS:
        return False
    return (
        name in SECRETS
        or opens_backups(name, value)
        or name.endswith(SECRET_ENDS)
        or name.startswith(SECRET_STARTS)
        or HAS_PASSWORD.search(value) is not None
    )


def opens_backups(name: str, value: str) -> bool:
    return name == BACKUP_KEY or AGE_KEY in value.upper()


def parsed(text: str) -> dict[str, str]:
    """{name: value}, in order. A value stands as it is written."""
    return {found[1]: found[2].strip() for line in text.splitlines() if (found := LINE.match(line))}


def rendered(values: Mapping[str, str], *, with_secrets: bool) -> str:
    """The lines of a backup. A secret that is left out is named in a comment. The key to backups
    is left out even `with_secrets`."""
    lines = ["# SightDesk's settings at the time of this backup."]
    for name, value in values.items():
        if opens_backups(name, value):
            lines.append(f"# {name} opens backups and is in none of them.")
        elif with_secrets or not is_secret(name, value):
            lines.append(f"{name}={value}")
        elif value:
            lines.append(f"# {name} is a secret and was left out.")
    return "\n".join(lines) + "\n"


def left_out(text: str) -> list[str]:
    """The names of the secrets that `rendered` left out."""
    return re.findall(r"^# (\w+) is a secret and was left out\.$", text, re.MULTILINE)


def merged(current: str, values: Mapping[str, str]) -> str:
    """`current` with these values: in the line of the same name, else at the end.

    A value that `current` has as a comment only (`# NAME=`) is added behind it.
    """
    lines, left = current.splitlines(), dict(values)
    for place, line in enumerate(lines):
        found = LINE.match(line)
        if found and found[1] in left:
            lines[place] = f"{found[1]}={left.pop(found[1])}"
    return "\n".join([*lines, *_lines(left.items())]) + "\n"


def _lines(values: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name}={value}" for name, value in values]
