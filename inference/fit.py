"""Whether a checkpoint fits, before anything is loaded: weights, KV cache for one full context, and room to compute."""

from dataclasses import dataclass

from inference.faults import Fault
from inference.machine import GIB, Machine
from inference.options import Options
from inference.profiles import Profile

# Qwen3-VL-8B's, where no config.json is at hand yet: 36 layers · 2 · 8 heads · 128 · 2 bytes.
KV_BYTES_PER_TOKEN = 144 * 1024
# CUDA context, activations of one step and graphs, on an empty card.
WORKING_MEMORY = int(1.5 * GIB)


@dataclass(frozen=True, slots=True)
class Load:
    """What a checkpoint asks for, in bytes."""

    weights: int
    kv_bytes_per_token: int = KV_BYTES_PER_TOKEN


def check_fit(load: Load, profile: Profile, options: Options, machine: Machine) -> None:
    """Raises Fault, with the arithmetic, where it cannot run here."""
    length = options.max_model_len or profile.max_model_len
    cache = load.kv_bytes_per_token * length
    sums = f"weights {gib(load.weights)} + KV cache {gib(cache)} ({length} tokens at {load.kv_bytes_per_token / 1024:.4g} KiB)"
    if machine.gpu is None:
        cache = max(cache, int((profile.kv_cache_gib or 0) * GIB))
        needed = load.weights + cache
        if needed > machine.memory_available:
            raise Fault(
                f"the model does not fit: {sums} = {gib(needed)}, and {gib(machine.memory_available)} of memory are free; "
                "lower MAX_MODEL_LEN, take a smaller MODEL_ID, or use ENGINE=lite"
            )
        return
    share = options.gpu_memory_utilization or profile.gpu_memory_utilization or 0.9
    allowed = int(machine.gpu.total * share)
    needed = load.weights + cache + WORKING_MEMORY
    if needed > min(allowed, machine.gpu.free):
        raise Fault(
            f"the model does not fit {machine.gpu.name}: {sums} + working memory {gib(WORKING_MEMORY)} = {gib(needed)}; "
            f"{gib(machine.gpu.free)} are free and GPU_MEMORY_UTILIZATION={share:g} of {gib(machine.gpu.total)} allows {gib(allowed)}. "
            "Lower MAX_MODEL_LEN, take a smaller MODEL_ID, or free the card (nvidia-smi shows by whom it is used)"
        )


def gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB // 10 else f"{size / 1024**2:.1f} MiB"
