"""Processor, memory and clock."""

import ctypes
import datetime
import os
import platform
import sys
import time

from scripts.checks.plan import Plan, info
from scripts.findings import Finding

MEMORY_GIB = {"gpu": 8, "cpu": 16, "lite": 2}
ENOUGH = 0.9  # a machine of 16 GB shows less than 16 GiB
ARCHITECTURES = {
    "gpu": ("x86_64", "aarch64"),
    "cpu": ("x86_64",),  # vllm/vllm-openai-cpu:v0.33.0-x86_64
    "lite": ("x86_64", "aarch64"),
}
NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
# No machine with this release has a clock before it.
RELEASED = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC).timestamp()
OFFSET_SECONDS = 60  # API keys and tokens of other systems allow about a minute
UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


def python() -> Finding:
    return Finding(
        sys.version_info >= (3, 11),
        f"Python {platform.python_version()}",
        needed=False,
        remedy="make demo and make test need 3.11 or newer",
    )


def architecture(plan: Plan, machine: str = "") -> Finding:
    machine = machine or platform.machine()
    machine = NAMES.get(machine, machine)
    known = ARCHITECTURES.get(plan.engine, ARCHITECTURES["lite"])
    return Finding(
        machine in known,
        f"processor {machine}",
        remedy=f"ENGINE={plan.engine} runs on {' and '.join(known)}; use another machine or ENGINE",
    )


def memory(plan: Plan, there: float | None = None) -> Finding:
    """`there`: GiB."""
    wanted = MEMORY_GIB.get(plan.engine, 2)
    if there is None:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Finding(
        there > ENOUGH * wanted,
        f"memory: {there:.1f} GiB; ENGINE={plan.engine} needs {wanted}",
        remedy="add memory, or set another ENGINE",
    )


def clock(now: float | None = None) -> list[Finding]:
    """Certificates, tokens and the daily clean-up go wrong with a wrong clock."""
    now = time.time() if now is None else now
    date = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%d %H:%M")
    if now < RELEASED:
        return [
            Finding(
                False,
                f"clock: {date} UTC is before this release",
                remedy="set the time: timedatectl set-ntp true",
            )
        ]
    offset = docker_offset(now)
    if offset is not None and abs(offset) > OFFSET_SECONDS:
        return [
            Finding(
                False,
                f"clock: Docker's machine is {offset:+.0f} s off this one",
                remedy="set the time on both, or restart Docker",
            )
        ]
    is_kept = is_synchronised()
    return [
        Finding(
            is_kept,
            f"clock: {date} UTC" + ("" if is_kept else ", and nothing keeps it right"),
            needed=False,
            remedy="timedatectl set-ntp true, or install chrony",
        )
    ]


def docker_offset(now: float) -> float | None:
    """Seconds that Docker's clock is ahead; None where Docker does not say."""
    told = info("{{.SystemTime}}")
    try:  # 2026-11-30T09:20:00.123456789Z: Python takes six digits
        head, _, rest = told.partition(".")
        zone = rest.lstrip("0123456789")
        return datetime.datetime.fromisoformat(head + (zone or "Z")).timestamp() - now
    except ValueError:
        return None


def is_synchronised() -> bool:
    """What the kernel knows. True where it cannot be asked."""
    try:
        buffer = ctypes.create_string_buffer(512)  # struct timex, all zeros: a question
        return bool(ctypes.CDLL(None).adjtimex(buffer) != UNSYNCHRONISED)
    except (OSError, AttributeError):
        return True
