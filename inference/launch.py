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

from inference import command
from inference.checkpoint import Checkpoint
from inference.faults import Fault
from inference.fit import Load, check_fit, gib
from inference.machine import GIB, read_machine
from inference.options import Options, read_options
from inference.profiles import Profile, choose_profile
from inference.status import Status
from inference.store import model_folder
from inference.supervise import Died, supervise

WRONG = 2  # a fault that a restart does not cure
DIED = 70  # EX_SOFTWARE of sysexits.h: vLLM hung or died


def main() -> int:
    try:
        options = read_options(os.environ)
    except Fault as fault:
        say(str(fault))
        return WRONG
    status = Status(options.status_file)
    status.set("starting")
    try:
        profile, arguments = prepare(options, status)
        environ = {**command.environment(profile, options), **os.environ}
        say(shlex.join(arguments))
        asyncio.run(supervise(arguments, environ, status, options.port, options.hang_seconds or profile.hang_seconds))
    except Fault as fault:
        say(str(fault))
        status.set("failed", detail=str(fault))
        hold(status, options.hold_seconds)
        return WRONG
    except Died as death:
        say(str(death))
        status.set("failed", detail=str(death))
        return DIED
    return 0


def prepare(options: Options, status: Status) -> tuple[Profile, list[str]]:
    """The profile and vLLM's command line. Raises Fault, before anything is loaded."""
    machine = read_machine(options.engine)
    profile = choose_profile(options.engine, machine)
    status.note(
        profile=profile.name,
        max_concurrent=profile.max_concurrent,
        max_picture_tokens=command.max_picture_tokens(profile, options),
    )
    where = f"{machine.gpu.name}, {gib(machine.gpu.total)}, driver {machine.driver}" if machine.gpu else "no GPU"
    say(f"profile {profile.name} ({where}; {gib(machine.memory_available)} of memory are free)")
    model_id = options.model_id or profile.model_id
    if not options.model_id:
        # Known before the disk is read: a card that is too small is told so at once.
        check_fit(Load(int(profile.weights_gib * GIB)), profile, options, machine)
    checkpoint = Checkpoint.read(model_folder(options, model_id))
    check_fit(Load(checkpoint.weights, checkpoint.kv_bytes_per_token), profile, options, machine)
    check_port(options)
    return profile, command.argv(profile, machine, options, str(checkpoint.folder))


def check_port(options: Options) -> None:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            where = f"{options.host}:{options.port}"
            raise Fault(f"cannot listen on {where}: {error.strerror}; stop what listens there, or set PORT") from None


def hold(status: Status, seconds: float) -> None:
    """Stays for a while, so that the reason can be read at /readyz and Docker does not restart in a tight loop."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(WRONG))

    async def beat() -> None:
        for _ in range(int(seconds)):
            await asyncio.sleep(1)
            status.beat()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(beat())


def say(line: str) -> None:
    print(f"inference: {line}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
