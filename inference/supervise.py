"""Runs vLLM as a child process: passes its log on, forwards signals, explains its end."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping

import httpx

from inference.faults import Fault
from inference.startup import cause_of, phase_of
from inference.status import Status
from inference.watch import Hung, Watch

# After SIGTERM vLLM has the 30 s of --shutdown-timeout, and some time to end.
DRAIN_SECONDS = 38.0
TAIL_LINES = 300  # of the log, in which the cause of an end is looked for
LOG_SECONDS = 5  # for the rest of the log to arrive after vLLM ended
READ_BYTES = 65_536
MAX_REST = 4096  # characters kept of a line that has not ended


class Died(Exception):
    """vLLM had served and then ended or hung. A restart is the remedy; `str()` is the reason."""


class Engine:
    """The running child. Its log goes to stdout and moves the status file's phase."""

    def __init__(self, process: asyncio.subprocess.Process, status: Status) -> None:
        self._process = process
        self._status = status
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._log = asyncio.create_task(self._forward_log())

    @classmethod
    async def start(
        cls, command: list[str], environ: Mapping[str, str], status: Status
    ) -> "Engine":
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environ),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches it only through stop()
        )
        return cls(process, status)

    async def _forward_log(self) -> None:
        assert self._process.stdout is not None
        rest = ""
        while chunk := await self._process.stdout.read(READ_BYTES):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            # Progress bars end their lines with a carriage return.
            *lines, rest = (rest + chunk.decode("utf-8", "replace")).replace("\r", "\n").split("\n")
            for line in filter(None, lines):
                self._tail.append(line)
                if told := phase_of(line, self._status.phase):
                    self._status.set(*told)
            rest = rest[-MAX_REST:]

    async def ended(self) -> str:
        """Waits until vLLM ends by itself. Returns the reason as one line."""
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._log, LOG_SECONDS)
        return cause_of(list(self._tail), code)

    async def stop(self) -> None:
        """Sends SIGTERM, lets running answers end, then kills the whole session."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), DRAIN_SECONDS)
        await self.kill()

    async def kill(self) -> None:
        """Kills vLLM and every process of its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._log.cancel()


async def supervise(
    command: list[str], environ: Mapping[str, str], status: Status, url: str, hang_seconds: float
) -> None:
    """Runs vLLM until SIGTERM. Raises Fault if it does not come up, Died if it stops serving."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    engine = await Engine.start(command, environ, status)
    watch = Watch(url, hang_seconds)
    ended = asyncio.create_task(engine.ended())
    watching = asyncio.create_task(_watch(watch, status))
    beating = asyncio.create_task(status.beat())
    stopped = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((ended, watching, stopped), return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            status.set("stopping")
            await engine.stop()
        elif ended.done():
            raise Died(ended.result()) if status.phase == "ready" else Fault(ended.result())
        else:
            watching.result()
    except Hung as hung:
        raise Died(str(hung)) from None
    except httpx.HTTPError as error:
        raise Fault(f"vLLM came up and wrote no token ({error}); see its log above") from None
    finally:
        await engine.kill()
        for task in (ended, watching, beating, stopped):
            task.cancel()
        await watch.aclose()


async def _watch(watch: Watch, status: Status) -> None:
    model = await watch.until_listening()
    status.set("warming")
    await watch.one_token(model)
    status.set("ready")
    print(f"inference: ready, serving {model}", flush=True)  # noqa: T201
    await watch.until_hung(model)
