"""Whether a checkpoint fits into memory, checked before anything is loaded.

needed = weights + KV cache for one full context + (on a GPU) working memory
"""

from dataclasses import dataclass

from inference.faults import Fault
from inference.machine import GIB, Machine
from inference.profiles import Profile
from inference.settings import Settings

# Qwen3-VL-8B, for checkpoints whose config.json is not here yet:
# 36 layers · 2 (keys, values) · 8 heads · 128 · 2 bytes.
KV_BYTES_PER_TOKEN = 144 * 1024
# CUDA context, activations of one step and CUDA graphs, on an otherwise empty card.
WORKING_MEMORY = int(1.5 * GIB)
DEFAULT_GPU_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a checkpoint needs, in bytes."""

    weights: int
    kv_bytes_per_token: int = KV_BYTES_PER_TOKEN


def check_memory(need: MemoryNeed, profile: Profile, settings: Settings, machine: Machine) -> None:
    """Raises Fault, with the arithmetic, if the checkpoint does not fit this machine."""
    length = settings.max_model_len or profile.max_model_len
    cache = need.kv_bytes_per_token * length
    sums = (
        f"weights {gib(need.weights)} + KV cache {gib(cache)} "
        f"({length} tokens at {need.kv_bytes_per_token / 1024:.4g} KiB)"
    )
    if machine.gpu is None:
        _check_ram(need, cache, sums, profile, machine)
        return
    share = settings.gpu_memory_utilization or profile.gpu_memory_utilization or DEFAULT_GPU_SHARE
    allowed = int(machine.gpu.total * share)
    needed = need.weights + cache + WORKING_MEMORY
    if needed > min(allowed, machine.gpu.free):
        raise Fault(
            f"the model does not fit {machine.gpu.name}: "
            f"{sums} + working memory {gib(WORKING_MEMORY)} = {gib(needed)}; "
            f"{gib(machine.gpu.free)} are free and GPU_MEMORY_UTILIZATION={share:g} "
            f"of {gib(machine.gpu.total)} allows {gib(allowed)}. Lower MAX_MODEL_LEN, "
            "set a smaller MODEL_ID, or free the card (nvidia-smi shows what uses it)"
        )


def _check_ram(need: MemoryNeed, cache: int, sums: str, profile: Profile, machine: Machine) -> None:
    needed = need.weights + max(cache, int((profile.kv_cache_gib or 0) * GIB))
    if needed > machine.memory_available:
        raise Fault(
            f"the model does not fit: {sums} = {gib(needed)}, and "
            f"{gib(machine.memory_available)} of memory are free; "
            "lower MAX_MODEL_LEN, set a smaller MODEL_ID, or use ENGINE=lite"
        )


def gib(size: int) -> str:
    """Bytes as text: GiB from a tenth of one on, MiB below."""
    return f"{size / GIB:.1f} GiB" if size >= GIB // 10 else f"{size / 1024**2:.1f} MiB"
