"""For `make check`: what every Dockerfile must keep, after hadolint's rules (their numbers: DL…).

Exits with 1 and one line a fault. Standard library only.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECRET = re.compile(r"(PASSWORD|SECRET|TOKEN|KEY)$")
PINNED = re.compile(r"(:v?\d[\w.-]*|@sha256:[0-9a-f]{64})$")
VARIABLE = re.compile(r"\$\{?(\w+)\}?")
NUMERIC_USER = re.compile(r"[1-9]\d*(:[1-9]\d*)?")
BETWEEN = re.compile(r"&&|\|\||;")


@dataclass(frozen=True, slots=True)
class Step:
    line: int
    name: str  # in capitals
    text: str  # continued lines in one


def main() -> int:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    files = [name for name in listed.stdout.splitlines() if name.endswith("Dockerfile")]
    faults = [
        f"{name}:{line}: {fault}"
        for name in files
        for line, fault in faults_of((ROOT / name).read_text("utf-8"))
    ]
    print("\n".join(faults) or f"Dockerfile rules: {len(files)} are as they must be")
    return 1 if faults or not files else 0


def faults_of(text: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong there)."""
    steps = list(steps_of(text))
    arguments = dict(
        step.text.partition("=")[::2] for step in steps if step.name == "ARG" and "=" in step.text
    )
    for step in steps:
        for fault in faults_of_step(step, arguments):
            yield step.line, fault
    user = next((step for step in reversed(steps) if step.name == "USER"), None)
    if user is None or not NUMERIC_USER.fullmatch(user.text):
        yield (user or steps[-1]).line, "the last USER is not a number other than 0 (DL3002)"


def steps_of(text: str) -> Iterator[Step]:
    begun: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        first = first if begun else number
        begun.append(stripped.removesuffix("\\").strip())
        if not stripped.endswith("\\"):
            name, _, rest = " ".join(begun).partition(" ")
            yield Step(first, name.upper(), rest.strip())
            begun = []


def faults_of_step(step: Step, arguments: dict[str, str]) -> Iterator[str]:
    if step.name == "FROM":
        image = VARIABLE.sub(lambda found: arguments.get(found[1], ""), step.text.split()[0])
        if not PINNED.search(image):
            yield f"the image {image or step.text} is not pinned by version or digest (DL3006)"
    elif step.name == "RUN":
        yield from faults_of_commands(step.text)
    elif step.name in ("CMD", "ENTRYPOINT") and not is_list(step.text):
        yield f"{step.name} is no JSON list, so a shell stands between it and signals (DL3025)"
    elif step.name == "ADD":
        yield "ADD fetches and unpacks; use COPY (DL3020)"
    elif step.name == "COPY" and step.text.split()[0] in (".", "./"):
        yield "COPY of the whole folder may take secrets with it: name what is needed"
    elif step.name == "WORKDIR" and not step.text.startswith("/"):
        yield "WORKDIR is not absolute (DL3000)"
    elif step.name in ("ENV", "ARG"):
        for word in step.text.split():
            name = word.partition("=")[0]
            if SECRET.search(name):
                yield f"{name} would stay in the image: mount a secret instead"


def faults_of_commands(text: str) -> Iterator[str]:
    for command in BETWEEN.split(text):
        words = command.split()
        if words[:1] in (["sudo"], ["apt"]):
            yield f"{words[0]} is for people at a terminal (DL3004, DL3027)"
        if words[:1] == ["cd"]:
            yield "cd changes nothing for the next step: use WORKDIR (DL3003)"
        if words[:1] == ["apt-get"] and {"upgrade", "dist-upgrade"} & set(words):
            yield "apt-get upgrade makes another image each day (DL3005)"
        if words[:1] == ["apt-get"] and "install" in words:
            yield from lacking(words, "-y", "--no-install-recommends")
            if "rm -rf /var/lib/apt/lists" not in text:
                yield "the lists of packages stay in the image (DL3009)"
        if "pip" in " ".join(words[:3]) and "install" in words:
            yield from lacking(words, "--no-cache-dir", "--require-hashes")
        if words[:1] in (["curl"], ["wget"]) and {"sh", "bash"} & set(words):
            yield "what is downloaded is run unseen (DL4006)"


def lacking(words: list[str], *options: str) -> Iterator[str]:
    for option in options:
        if option not in words:
            yield f"{words[0].rpartition('/')[2]} install without {option}"


def is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
