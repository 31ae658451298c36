"""Profiles: the checkpoint, flags and lengths for each kind of machine, a TOML file each.

`[flags]` become vLLM's arguments: `name = value` is `--name value`, `true` is the bare flag, a
table is JSON. `[match]` says which cards a profile is for.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.faults import Fault
from inference.machine import GIB, GPU, Machine

FOLDER = Path(__file__).with_name("profiles")


@dataclass(frozen=True, slots=True)
class Profile:
    """One file of profiles/, with common.toml merged in."""

    name: str
    model_id: str
    model_name: str
    weights_gib: float  # size of the checkpoint, for the memory check before it is on disk
    max_model_len: int  # tokens
    max_concurrent: int  # answers at once: the gateway's MAX_CONCURRENT
    hang_seconds: float  # without a token, until vLLM counts as hung
    gpu_memory_utilization: float | None
    kv_cache_gib: float | None  # reserved in RAM where there is no GPU
    memory_gib: tuple[float, float]  # cards with at least the first and less than the second
    capability: tuple[float, float]  # CUDA compute capability, in the same way
    flags: dict[str, Any]
    environment: dict[str, str]

    def suits(self, gpu: GPU) -> bool:
        """Whether the card is within this profile's `[match]`."""
        capability = gpu.capability[0] + gpu.capability[1] / 10
        return (
            self.memory_gib[0] <= gpu.total / GIB < self.memory_gib[1]
            and self.capability[0] <= capability < self.capability[1]
        )


def load_profiles() -> dict[str, Profile]:
    """All profiles by name, in alphabetical order."""
    common = tomllib.loads((FOLDER / "common.toml").read_text("utf-8"))
    return {
        path.stem: _profile(path, common)
        for path in sorted(FOLDER.glob("*.toml"))
        if path.stem != "common"
    }


def _profile(path: Path, common: dict[str, Any]) -> Profile:
    table = tomllib.loads(path.read_text("utf-8"))
    match = table.get("match", {})
    return Profile(
        name=path.stem,
        model_id=table["model_id"],
        model_name=table["model_name"],
        weights_gib=table["weights_gib"],
        max_model_len=table["max_model_len"],
        max_concurrent=table["max_concurrent"],
        hang_seconds=table["hang_seconds"],
        gpu_memory_utilization=table.get("gpu_memory_utilization"),
        kv_cache_gib=table.get("kv_cache_gib"),
        memory_gib=tuple(match.get("memory_gib", (0, 0))),
        capability=tuple(match.get("capability", (0, 0))),
        flags={**common["flags"], **table["flags"]},
        environment={**common["environment"], **table.get("environment", {})},
    )


def choose_profile(engine: str, machine: Machine) -> Profile:
    """The profile for this machine. Raises Fault if there is none."""
    profiles = load_profiles()
    if engine == "cpu":
        return profiles["cpu"]
    gpu = machine.gpu
    assert gpu is not None
    for profile in profiles.values():
        if profile.suits(gpu):
            return profile
    raise Fault(
        f"ENGINE=gpu: {gpu.name} has {gpu.total / GIB:.1f} GiB "
        f"and compute capability {gpu.capability[0]}.{gpu.capability[1]}; "
        "Qwen3-VL-8B needs 11 GiB and, for bfloat16, 8.0. Use ENGINE=cpu or lite"
    )
