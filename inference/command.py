"""vLLM's command line: a pure function of profile, machine and settings."""

import json
import math
import sys
from typing import Any

from inference.machine import Machine
from inference.options import Options
from inference.profiles import Profile

PARALLEL = (
    "--tensor-parallel-size", "-tp", "--pipeline-parallel-size", "-pp", "--data-parallel-size", "-dp",
)  # fmt: skip


def argv(profile: Profile, machine: Machine, options: Options, model: str) -> list[str]:
    """The command for `model`, a checkpoint's folder. VLLM_EXTRA_ARGS come last, and vLLM lets the last one win."""
    flags: dict[str, Any] = {
        "served-model-name": options.model_name or profile.model_name,
        "host": options.host,
        "port": options.port,
        "max-model-len": options.max_model_len or profile.max_model_len,
    }
    if machine.gpu is not None:
        flags["gpu-memory-utilization"] = (
            options.gpu_memory_utilization or profile.gpu_memory_utilization
        )
    command = [sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", model]
    for name, value in {**flags, **profile.flags}.items():
        command += _flag(name, value)
    return [*command, *options.extra_arguments]


def max_picture_tokens(profile: Profile, options: Options) -> int | None:
    """What vLLM spends on one picture at most: a token on 32×32 pixels and two around. None where VLLM_EXTRA_ARGS have their own say."""
    name = "mm-processor-kwargs"
    if any(argument.startswith(f"--{name}") for argument in options.extra_arguments):
        return None
    pixels = profile.flags.get(name, {}).get("max_pixels")
    return pixels // 1024 + 2 if pixels else None


def environment(profile: Profile, machine: Machine, options: Options) -> dict[str, str]:
    """What vLLM finds in its environment beside what this process has."""
    made = dict(profile.environment)
    if machine.gpu is not None and not _parallel(options):
        # The card that the arithmetic was about. By number: vLLM 0.32 takes no UUID here; NVML counts in the bus's order.
        made |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(machine.gpu.index)}
    if profile.kv_cache_gib is not None:
        made["VLLM_CPU_KVCACHE_SPACE"] = str(math.ceil(profile.kv_cache_gib))
    return made


def _parallel(options: Options) -> bool:
    """Whether VLLM_EXTRA_ARGS spread the model over several cards."""
    flags = {argument.partition("=")[0].replace("_", "-") for argument in options.extra_arguments}
    return not flags.isdisjoint(PARALLEL)


def _flag(name: str, value: Any) -> list[str]:
    if value is True:
        return [f"--{name}"]
    if isinstance(value, dict):
        return [f"--{name}", json.dumps(value, separators=(",", ":"))]
    return [f"--{name}", str(value)]
