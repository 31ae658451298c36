"""Folders of the project that tests and benchmarks read."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
SCREENS = ROOT / "examples" / "screens"
