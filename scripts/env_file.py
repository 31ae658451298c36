"""Reads .env, as Compose does, and tells which of its values are secret."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Without these nginx or the gateway does not start, or says that it is open to forgery.
REQUIRED = ("API_KEYS", "BASIC_AUTH_PASSWORD", "PROXY_SECRET", "EMBED_SECRET")
SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|KEY|KEYS)$")
ASSIGNMENT = re.compile(r"^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$")


def assignments(text: str) -> list[tuple[int, str, str]]:
    """(line number, name, value) of each variable that is set."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := ASSIGNMENT.match(line.strip()):
            found.append((number, match[1], unquoted(match[2])))
    return found


def unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"') and value.endswith(value[0]) and len(value) > 1:
        return value[1:-1]
    comment = re.search(r"\s#", value)
    return value[: comment.start()].rstrip() if comment else value


def known_names(root: Path = ROOT) -> set[str]:
    """The names of .env.example."""
    text = (root / ".env.example").read_text("utf-8")
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))


def read_settings(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables of .env, if it exists. The shell's win, as in Compose."""
    path = root / ".env"
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    written = {name: value for _, name, value in assignments(text)}
    names = known_names(root) | {"COMPOSE_FILE", "COMPOSE_PROJECT_NAME"}
    shell = {
        name: value
        for name, value in environ.items()
        if name in names or name.startswith("CONNECTOR_")
    }
    if not shell.get("ENGINE"):  # `make up` without one: .env's, or found out
        shell.pop("ENGINE", None)
    return written | shell


def secrets_of(settings: Mapping[str, str]) -> set[str]:
    """Values that must not be printed: whole, and the parts of name:key lists and URLs."""
    found = set()
    for name, value in settings.items():
        is_of_a_connector = name.startswith("CONNECTOR_") and "://" not in value
        if SECRET_NAME.search(name) or is_of_a_connector:
            found |= {value, *(pair.partition(":")[2] for pair in value.split(","))}
        if match := re.search(r"://[^/@\s]*:([^/@\s]+)@", value):
            found.add(match[1])
    return {value for value in found if value}
