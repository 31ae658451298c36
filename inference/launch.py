"""`python -m inference.launch`: vLLM's OpenAI server on port 3001, as this machine can run it.

Looks at the machine, picks a profile, refuses what cannot fit, prints the command, runs it and watches it. Why vLLM is a
child and not what this process becomes: docs/decisions/003-the-engine-is-a-child.md.
"""

import asyncio
import contextlib
import os
import shlex
import signal
import socket
import sys
from dataclasses import dataclass

from inference import command
from inference.checkpoint import Checkpoint
from inference.faults import Fault, line_of
from inference.fit import Load, check_fit, gib
from inference.machine import GIB, read_machine
from inference.options import Options, hold_seconds, read_options, status_file
from inference.profiles import choose_profile
from inference.status import Status
from inference.store import model_folder
from inference.supervise import Died, supervise

WRONG = 2  # a fault that a restart does not cure
DIED = 70  # EX_SOFTWARE of sysexits.h: vLLM hung or died


def main() -> int:
    status = Status(status_file(os.environ))
    status.set("starting")
    try:
        options = read_options(os.environ)
        plan = prepare(options, status)
        say(shlex.join(plan.arguments))
        asyncio.run(
            supervise(
                plan.arguments,
                {**plan.environ, **os.environ},
                status,
                options.url,
                plan.hang_seconds,
            )
        )
    except Died as death:
        say(str(death))
        status.set("failed", detail=str(death))
        return DIED
    except Exception as error:  # noqa: BLE001 - the last resort: what nobody foresaw is one line as well, and no tight loop
        say(line_of(error))
        status.set("failed", detail=line_of(error))
        hold(status)
        return WRONG
    return 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How vLLM is to be started here."""

    arguments: list[str]
    environ: dict[str, str]
    hang_seconds: float


def prepare(options: Options, status: Status) -> Plan:
    """Raises Fault, before anything is loaded."""
    machine = read_machine(options.engine)
    profile = choose_profile(options.engine, machine)
    status.note(
        profile=profile.name,
        max_concurrent=profile.max_concurrent,
        max_picture_tokens=command.max_picture_tokens(profile, options),
    )
    where = (
        f"{machine.gpu.name}, {gib(machine.gpu.total)}, driver {machine.driver}"
        if machine.gpu
        else "no GPU"
    )
    say(f"profile {profile.name} ({where}; {gib(machine.memory_available)} of memory are free)")
    model_id = options.model_id or profile.model_id
    if not options.model_id:
        # Known before the disk is read: a card that is too small is told so at once.
        check_fit(Load(int(profile.weights_gib * GIB)), profile, options, machine)
    checkpoint = Checkpoint.read(model_folder(options, model_id))
    check_fit(Load(checkpoint.weights, checkpoint.kv_bytes_per_token), profile, options, machine)
    check_port(options)
    return Plan(
        command.argv(profile, machine, options, str(checkpoint.folder)),
        command.environment(profile, machine, options),
        options.hang_seconds or profile.hang_seconds,
    )


def check_port(options: Options) -> None:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            where = f"{options.host}:{options.port}"
            raise Fault(
                f"cannot listen on {where}: {error.strerror}; stop what listens there, or set PORT"
            ) from None


def hold(status: Status) -> None:
    """Stays for a while, so that the reason can be read at /readyz and Docker does not restart in a tight loop."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(WRONG))
    with contextlib.suppress(KeyboardInterrupt, TimeoutError):
        asyncio.run(asyncio.wait_for(status.beating(), hold_seconds(os.environ)))


def say(line: str) -> None:
    print(f"inference: {line}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
