"""vLLM's command line and environment, as pure functions of profile, machine and settings."""

import json
import math
import sys
from typing import Any

from inference.machine import Machine
from inference.profiles import Profile
from inference.settings import Settings

# Flags that spread one model over several cards.
PARALLEL = (
    *("--tensor-parallel-size", "-tp"),
    *("--pipeline-parallel-size", "-pp"),
    *("--data-parallel-size", "-dp"),
)
# Qwen3-VL turns 32×32 pixels into one token and adds two tokens a picture.
PIXELS_PER_TOKEN, TOKENS_AROUND = 1024, 2


def argv(profile: Profile, machine: Machine, settings: Settings, model: str) -> list[str]:
    """The command that serves `model`, a checkpoint's folder.

    VLLM_EXTRA_ARGS come last, because vLLM takes the last of two equal flags.
    """
    flags: dict[str, Any] = {
        "served-model-name": settings.model_name or profile.model_name,
        "host": settings.host,
        "port": settings.port,
        "max-model-len": settings.max_model_len or profile.max_model_len,
    }
    if machine.gpu is not None:
        flags["gpu-memory-utilization"] = (
            settings.gpu_memory_utilization or profile.gpu_memory_utilization
        )
    command = [sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", model]
    for name, value in {**flags, **profile.flags}.items():
        command += _flag(name, value)
    return [*command, *settings.vllm_extra_args]


def max_picture_tokens(profile: Profile, settings: Settings) -> int | None:
    """The most tokens that vLLM spends on one picture; None if VLLM_EXTRA_ARGS change that."""
    name = "mm-processor-kwargs"
    if any(argument.startswith(f"--{name}") for argument in settings.vllm_extra_args):
        return None
    pixels = profile.flags.get(name, {}).get("max_pixels")
    return pixels // PIXELS_PER_TOKEN + TOKENS_AROUND if pixels else None


def environment(profile: Profile, machine: Machine, settings: Settings) -> dict[str, str]:
    """Variables that vLLM gets in addition to this process's own."""
    made = dict(profile.environment)
    if machine.gpu is not None and not _is_parallel(settings):
        # The card that the memory check was about, by number: vLLM 0.32 takes no UUID here.
        # NVML counts cards in the order of the PCI bus.
        made |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(machine.gpu.index)}
    if profile.kv_cache_gib is not None:
        made["VLLM_CPU_KVCACHE_SPACE"] = str(math.ceil(profile.kv_cache_gib))
    return made


def _is_parallel(settings: Settings) -> bool:
    """Whether VLLM_EXTRA_ARGS spread the model over several cards."""
    flags = {argument.partition("=")[0].replace("_", "-") for argument in settings.vllm_extra_args}
    return not flags.isdisjoint(PARALLEL)


def _flag(name: str, value: Any) -> list[str]:
    if value is True:
        return [f"--{name}"]
    if isinstance(value, dict):
        return [f"--{name}", json.dumps(value, separators=(",", ":"))]
    return [f"--{name}", str(value)]
