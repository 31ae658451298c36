"""Keeps the persona of `assistant.toml` current while the gateway runs."""

import asyncio
import base64
from pathlib import Path
from threading import Thread

import structlog

from gateway.assistant.persona import Persona, read_persona
from gateway.knowledge.folder_listing import Problem, reason
from gateway.server.daemon_threads import in_daemon
from gateway.server.regular_files import Stamp, read_whole, stamp_of

log = structlog.get_logger()
FILE = "assistant.toml"
MAX_BYTES = 256 * 1024
MAX_PICTURE_BYTES = 96 * 1024
KINDS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp", "svg": "svg+xml"}
PAUSE_SECONDS = 0.5
START_SECONDS = 1.0


class PersonaFile:
    """`persona` is replaced as a whole. A file that cannot be used leaves the last good one."""

    def __init__(self, directory: Path) -> None:
        """Reads the file in a thread: a disk that hangs costs the start a second at most."""
        self._path = directory / FILE
        self._stamp: Stamp | None = None
        self._failed = False
        self.persona = Persona()
        self.problems: list[Problem] = []
        first = Thread(target=self._update, daemon=True)
        first.start()
        first.join(START_SECONDS)

    async def watch(self) -> None:
        """Follows changes of the file until it is cancelled."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await in_daemon(self._update)

    def _update(self) -> None:
        try:
            stamp = stamp_of(self._path.stat())
            if stamp == self._stamp and not self._failed:
                return
            data = read_whole(self._path, MAX_BYTES)
        except FileNotFoundError:
            self.persona, self._stamp, self._failed = Persona(), None, False
            self._set_problems([])
            return
        except (OSError, ValueError) as error:
            self._failed = True
            self._set_problems([reason(error) if isinstance(error, OSError) else str(error)])
            return
        self._stamp, self._failed = stamp, False
        try:
            persona, problems = read_persona(data.decode("utf-8-sig"), self._load)
        except UnicodeDecodeError:
            persona, problems = None, ["is not UTF-8"]
        if persona is not None:
            self.persona = persona
        self._set_problems(problems)

    def _load(self, name: str) -> str:
        """A picture of the folder as a data URL. Raises OSError."""
        data = read_whole(self._path.with_name(name), MAX_PICTURE_BYTES)
        kind = KINDS[name.rpartition(".")[2]]
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"

    def _set_problems(self, messages: list[str]) -> None:
        problems = [Problem(FILE, message, "persona") for message in messages]
        for problem in problems:
            if problem not in self.problems:
                log.warning("knowledge_problem", path=FILE, reason=problem.message)
        self.problems = problems
