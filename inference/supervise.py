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
from inference.log_lines import LogLines, is_json, say, vllm_fields
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
    """The running child. Its log goes to stdout, where LOG_FORMAT is json as one JSON object a
    line, and moves the status file's phase."""

    def __init__(self, process: asyncio.subprocess.Process, status: Status) -> None:
        self._process = process
        self._status = status
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._lines = LogLines.from_environment() if is_json() else None
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
            if self._lines is None:
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
            *whole, rest = (rest + chunk.decode("utf-8", "replace")).split("\n")
            for line in whole:
                self._pass_on(line)
                self._note(line)
            # Progress bars end their lines with a carriage return.
            *states, last = rest.rsplit("\r", 1)
            for state in states:
                self._note(state)
            rest = last[-MAX_REST:]
        self._pass_on(rest)

    def _pass_on(self, line: str) -> None:
        """A line of vLLM in the form of the others. `RequestLog` writes JSON itself."""
        if self._lines is None or not line.strip():
            return
        if line.startswith('{"time": '):
            sys.stdout.buffer.write(line.encode() + b"\n")
            sys.stdout.buffer.flush()
            return
        level, fields = vllm_fields(line)
        self._lines.write("vllm", level, **fields)

    def _note(self, line: str) -> None:
        """Looks in a line, or in the states of a progress bar, for the phase of the start."""
        for state in filter(None, line.split("\r")):
            self._tail.append(state)
            if told := phase_of(state, self._status.phase):
                self._status.set(*told)

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
    say("launch", f"inference: ready, serving {model}")
    await watch.until_hung(model)
