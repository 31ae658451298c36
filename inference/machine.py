"""What this machine has: NVIDIA cards as NVML reports them, memory as the kernel does."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.faults import Fault

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class GPU:
    """One NVIDIA card."""

    name: str
    total: int  # bytes
    free: int  # bytes
    capability: tuple[int, int]  # CUDA compute capability, (major, minor)
    index: int = 0  # NVML's number: the order of the PCI bus


@dataclass(frozen=True, slots=True)
class Machine:
    """The cards and the memory that an engine can use."""

    gpus: tuple[GPU, ...]
    memory_available: int  # bytes, at most the container's limit
    driver: str = ""

    @property
    def gpu(self) -> GPU | None:
        """The card that the engine runs on: the largest, and of equal ones the emptiest."""
        return max(self.gpus, key=lambda gpu: (gpu.total, gpu.free), default=None)


def read_machine(engine: str) -> Machine:
    """Raises Fault if `engine` is gpu and no card can be used."""
    memory = memory_available()
    if engine != "gpu":
        return Machine((), memory)
    gpus, driver = _read_gpus()
    if not gpus:
        raise Fault(
            "ENGINE=gpu: the driver sees no GPU; install one, pass it to the container, "
            "or use ENGINE=cpu or lite"
        )
    return Machine(gpus, memory, driver)


def _read_gpus() -> tuple[tuple[GPU, ...], str]:
    try:
        import pynvml  # part of vLLM's image; only ENGINE=gpu needs it
    except ImportError:
        raise Fault(
            "ENGINE=gpu: NVIDIA's Python binding is missing (pip install nvidia-ml-py); "
            "vLLM's image has it"
        ) from None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise Fault(_no_driver(str(error))) from None
    try:
        gpus = tuple(_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount()))
        return gpus, str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError as error:
        raise Fault(
            f"ENGINE=gpu: the NVIDIA driver does not answer ({error}); see `nvidia-smi` and dmesg"
        ) from None
    finally:
        pynvml.nvmlShutdown()


def _gpu(pynvml: Any, index: int) -> GPU:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return GPU(
        str(pynvml.nvmlDeviceGetName(handle)),
        int(memory.total),
        int(memory.free),
        (major, minor),
        index,
    )


def _no_driver(reason: str) -> str:
    if Path("/.dockerenv").exists():
        remedy = (
            "install the NVIDIA Container Toolkit on the host "
            "and run `nvidia-ctk runtime configure`"
        )
    else:
        remedy = "install the NVIDIA driver R580 or newer"
    return f"ENGINE=gpu: no NVIDIA driver here ({reason}); {remedy}, or use ENGINE=cpu or lite"


def memory_available() -> int:
    """Free memory in bytes: what the kernel can give, at most the control group's limit."""
    available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) * 1024
    limit = "".join(_lines(Path("/sys/fs/cgroup/memory.max"))).strip()
    return min(available, int(limit)) if limit.isdigit() else available


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except OSError:
        return []
