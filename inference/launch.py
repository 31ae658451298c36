"""`python -m inference.launch`: vLLM's OpenAI server on port 3001, started to suit this machine.

Looks at the machine, picks a profile, refuses a model that cannot fit, prints the command, runs it
and watches it. docs/decisions/003-the-engine-is-a-child.md says why vLLM runs as a child process.
"""

import asyncio
import contextlib
import os
import shlex
import signal
import socket
import sys
from dataclasses import dataclass

from inference import command, log_lines
from inference.checkpoint import Checkpoint
from inference.checkpoint_store import model_folder
from inference.faults import Fault, line_of
from inference.machine import GIB, Machine, read_machine
from inference.memory_check import MemoryNeed, check_memory, gib
from inference.profiles import Profile, choose_profile
from inference.settings import Settings, StatusSettings
from inference.status import Status
from inference.supervise import Died, supervise

WRONG = 2  # a restart does not cure it
DIED = 70  # EX_SOFTWARE of sysexits.h: vLLM hung or died, a restart is the remedy


def main() -> int:
    reporting = StatusSettings.read_leniently()
    status = Status(reporting.engine_status_file)
    status.set("starting")
    try:
        run(Settings.read(), status)
    except Died as death:
        say(str(death), "error")
        status.set("failed", detail=str(death))
        return DIED
    except Exception as error:  # noqa: BLE001 - unforeseen errors are told in one line too
        say(line_of(error), "error")
        status.set("failed", detail=line_of(error))
        hold(status, reporting.hold_seconds)
        return WRONG
    return 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How to start vLLM on this machine."""

    arguments: list[str]
    environ: dict[str, str]
    hang_seconds: float


def run(settings: Settings, status: Status) -> None:
    """Serves until SIGTERM. Raises Fault if vLLM does not come up, Died if it stops serving."""
    plan = prepare(settings, status)
    say(shlex.join(plan.arguments))
    environ = {**plan.environ, **os.environ}
    asyncio.run(supervise(plan.arguments, environ, status, settings.url, plan.hang_seconds))


def prepare(settings: Settings, status: Status) -> Plan:
    """Checks everything that can be checked before a weight is loaded. Raises Fault."""
    machine = read_machine(settings.engine)
    profile = choose_profile(settings.engine, machine)
    status.add_constants(
        profile=profile.name,
        max_concurrent=profile.max_concurrent,
        max_picture_tokens=command.max_picture_tokens(profile, settings),
    )
    say(_summary(profile, machine))
    if not settings.model_id:
        # The profile knows the model's size, so a card that is too small is refused at once.
        expected = MemoryNeed(int(profile.weights_gib * GIB))
        check_memory(expected, profile, settings, machine)
    checkpoint = Checkpoint.read(model_folder(settings, settings.model_id or profile.model_id))
    need = MemoryNeed(checkpoint.weights, checkpoint.kv_bytes_per_token)
    check_memory(need, profile, settings, machine)
    check_port(settings)
    return Plan(
        command.argv(profile, machine, settings, str(checkpoint.folder)),
        command.environment(profile, machine, settings),
        settings.engine_hang_seconds or profile.hang_seconds,
    )


def _summary(profile: Profile, machine: Machine) -> str:
    gpu = machine.gpu
    where = f"{gpu.name}, {gib(gpu.total)}, driver {machine.driver}" if gpu else "no GPU"
    free = gib(machine.memory_available)
    return f"profile {profile.name} ({where}; {free} of memory are free)"


def check_port(settings: Settings) -> None:
    """Raises Fault if vLLM could not listen on HOST and PORT."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Fault(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "stop what listens there, or set PORT"
            ) from None


def hold(status: Status, seconds: float) -> None:
    """Waits, so that the reason can be read at /readyz and Docker restarts in no tight loop."""
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(WRONG))
    with contextlib.suppress(KeyboardInterrupt, TimeoutError):
        asyncio.run(asyncio.wait_for(status.beat(), seconds))


def say(line: str, level: str = "info") -> None:
    log_lines.say("launch", f"inference: {line}", level)


if __name__ == "__main__":
    sys.exit(main())
