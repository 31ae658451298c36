"""What ENGINE=gpu needs: a card that a profile suits, the driver, the container toolkit."""

import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from scripts.checks.plan import Plan, output
from scripts.env_file import ROOT
from scripts.findings import Finding

DRIVER = 580  # the oldest that vLLM's image (CUDA 13) supports
COLUMNS = "name,memory.total,driver_version,compute_cap"
QUERY = ("nvidia-smi", f"--query-gpu={COLUMNS}", "--format=csv,noheader")
INSTEAD = "or use ENGINE=lite"
# As inference/profiles.py chooses: the first card decides.
PROFILES = ROOT / "inference" / "profiles"


@dataclass(frozen=True, slots=True)
class Card:
    """`capability` is 0 where the driver does not tell it."""

    name: str
    gib: float
    driver: str
    capability: float

    def __str__(self) -> str:
        return f"{self.name}, {self.gib:.0f} GiB, driver {self.driver}"


def gpu(plan: Plan) -> list[Finding]:
    """Findings about card, driver and toolkit; only notes for other engines."""
    needed = plan.engine == "gpu"
    found, problem = cards()
    if problem:
        first = Finding(False, f"NVIDIA GPU: {problem[0]}", needed, problem[1])
        return [first, toolkit(needed)] if needed else [first]
    seen = [Finding(True, "NVIDIA GPU: " + "; ".join(map(str, found)))]
    return [*seen, driver(found[0], needed), memory(found[0], needed), toolkit(needed)]


def cards() -> tuple[list[Card], tuple[str, str] | None]:
    """(cards, None), or ([], (what is wrong, the remedy))."""
    if shutil.which("nvidia-smi") is None:
        return [], ("the driver is missing", f"install R{DRIVER} or newer, {INSTEAD}")
    answer = output(*QUERY)
    rows = [[part.strip() for part in row.split(",")] for row in answer.stdout.splitlines()]
    found = [card for row in rows if (card := card_of(row))]
    if answer.returncode or not found:
        said = " ".join((answer.stdout + answer.stderr).split())[:200] or "nvidia-smi says nothing"
        return [], (f"the driver finds no card ({said})", f"mend the driver, {INSTEAD}")
    return found, None


def card_of(row: list[str]) -> Card | None:
    if len(row) < 3:
        return None
    mib = row[1].removesuffix(" MiB")
    capability = row[3] if len(row) > 3 and row[3].replace(".", "", 1).isdecimal() else "0"
    return Card(row[0], float(mib) / 1024 if mib.isdecimal() else 0.0, row[2], float(capability))


def driver(card: Card, needed: bool) -> Finding:
    major = card.driver.partition(".")[0]
    return Finding(
        major.isdecimal() and int(major) >= DRIVER,
        f"NVIDIA driver {card.driver}",
        needed,
        f"install R{DRIVER} or newer, {INSTEAD}",
    )


def memory(card: Card, needed: bool, folder: Path = PROFILES) -> Finding:
    """Whether one of inference/profiles/gpu-*.toml is for this card."""
    profiles = [name for name, match in matches(folder) if suits(match, card)]
    what = f"compute capability {card.capability:g}, " if card.capability else ""
    return Finding(
        bool(profiles),
        f"profile for {what}{card.gib:.1f} GiB: {profiles[0] if profiles else 'none'}",
        needed,
        "Qwen3-VL-8B needs 11 GiB and compute capability 8.0; use ENGINE=cpu or lite",
    )


def matches(folder: Path) -> list[tuple[str, dict[str, list[float]]]]:
    files = sorted(folder.glob("gpu-*.toml"))
    return [(file.stem, tomllib.loads(file.read_text("utf-8"))["match"]) for file in files]


def suits(match: dict[str, list[float]], card: Card) -> bool:
    low, high = match["memory_gib"]
    oldest, newest = match["capability"]
    capable = not card.capability or oldest <= card.capability < newest
    return low <= card.gib < high and capable


def toolkit(needed: bool) -> Finding:
    """Docker gives containers access to cards if the toolkit's runtime is configured, or if the
    toolkit's hook was on Docker's PATH at its start."""
    shown = output("docker", "info", "--format", "{{json .Runtimes}}")
    try:
        runtimes = json.loads(shown.stdout) or {}
    except ValueError:
        runtimes = {}
    there = "nvidia" in runtimes or shutil.which("nvidia-container-runtime-hook") is not None
    return Finding(
        there,
        "NVIDIA Container Toolkit" + ("" if there else ": missing"),
        needed,
        f"install it and restart Docker, {INSTEAD}",
    )
