"""vLLM as a child: its log passed on and read, its signals handed down, its end explained in one line."""

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

# What vLLM gets after SIGTERM: the 30 s of --shutdown-timeout and time to leave.
DRAIN_SECONDS = 38.0
TAIL_LINES = 300


class Died(Exception):
    """vLLM ended or had to be ended after it had served; a restart is the remedy. `str()` is the reason."""


class Engine:
    def __init__(self, process: asyncio.subprocess.Process, status: Status) -> None:
        self._process = process
        self._status = status
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._log = asyncio.create_task(self._pass_log_on())

    @classmethod
    async def start(
        cls, command: list[str], environ: Mapping[str, str], status: Status
    ) -> "Engine":
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environ),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C reaches it once, through stop()
        )
        return cls(process, status)

    async def _pass_log_on(self) -> None:
        assert self._process.stdout is not None
        rest = ""
        while chunk := await self._process.stdout.read(65_536):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            # Progress bars end their lines with a carriage return.
            *lines, rest = (rest + chunk.decode("utf-8", "replace")).replace("\r", "\n").split("\n")
            for line in filter(None, lines):
                self._tail.append(line)
                if told := phase_of(line, self._status.phase):
                    self._status.set(*told)
            rest = rest[-4096:]

    async def ended(self) -> str:
        """Waits for vLLM's own end; why it came."""
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._log, 5)
        return cause_of(list(self._tail), code)

    async def stop(self) -> None:
        """SIGTERM, time to drain, then the whole session is killed."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), DRAIN_SECONDS)
        await self.kill()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._log.cancel()


async def supervise(
    command: list[str], environ: Mapping[str, str], status: Status, url: str, hang_seconds: float
) -> None:
    """Runs vLLM until SIGTERM. Raises Fault when it does not come up, Died when it stops serving."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    engine = await Engine.start(command, environ, status)
    watch = Watch(url, hang_seconds)
    ended = asyncio.create_task(engine.ended())
    watching = asyncio.create_task(_watch(watch, status))
    beating = asyncio.create_task(status.beating())
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
