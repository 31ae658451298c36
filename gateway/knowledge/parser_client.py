"""Parses files in sandboxed processes (parser_worker.py): one for texts and one for binary files,
whose libraries take longer to import. Each takes many files, and is replaced after it has ended."""

import signal
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO, Any

import orjson

from gateway.knowledge.index_segment import Segment
from gateway.knowledge.questions import Questions
from gateway.knowledge.sources.formats import OFFICE, suffix_of

ROOT = Path(__file__).parents[2]
HEAD = struct.Struct(">II")
SIZE = struct.Struct(">I")
MEMORY_BYTES = 512 * 1024 * 1024
FILE_SECONDS = 20  # of CPU, for one file
WALL_SECONDS = 180.0  # for one file on a busy machine
END_SECONDS = 1.0  # for the process to end after its last file
MAX_ANSWER_BYTES = 256 * 1024 * 1024


Scans = Mapping[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Parsed:
    """`questions` of questions.toml; `segment` of any other file; `scanned`: the pages of a PDF that
    have no text, 1 first."""

    problems: list[str] = field(default_factory=list)
    segment: Segment | None = None
    questions: Questions = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)


class Parser:
    """For one thread, as a context manager: leaving the block ends the processes."""

    def __init__(self, file_seconds: int = FILE_SECONDS) -> None:
        self._processes: dict[bool, subprocess.Popen[bytes]] = {}  # by whether for binary files
        self._file_seconds = file_seconds

    def __enter__(self) -> "Parser":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for is_office in list(self._processes):
            self._end(is_office)

    def parse(self, name: str, data: bytes, scans: Scans | None = None) -> Parsed:
        """Faults of the file are among its problems. `scans`: the lines that OCR read on pages
        without text. Raises OSError where no process can be started, or where it was killed from
        outside."""
        try:
            outcome, packed = self._ask({"name": name, "scans": scans or {}}, data)
            segment = Segment.unpack(packed) if packed else None
        except (EOFError, ValueError):
            return Parsed([self._why_ended(_is_office(name))])
        return Parsed(
            [str(problem) for problem in outcome["problems"]],
            segment,
            outcome.get("questions", []),
            outcome.get("scanned", []),
        )

    def draw(self, name: str, data: bytes, page: int) -> bytes | None:
        """A page of a PDF as JPEG, 1 first; None where it cannot be drawn. Raises OSError."""
        try:
            return self._ask({"name": name, "page": page}, data)[1] or None
        except (EOFError, ValueError):
            self._why_ended(_is_office(name))
            return None

    def _ask(self, request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        """(JSON line, what follows). Raises EOFError and ValueError for no whole answer."""
        is_office = _is_office(request["name"])
        process = self._processes.get(is_office) or self._start(is_office)
        self._processes[is_office] = process
        assert process.stdin
        assert process.stdout
        watch = Timer(WALL_SECONDS, process.kill)
        watch.start()
        try:
            encoded = orjson.dumps(request, option=orjson.OPT_NON_STR_KEYS)
            process.stdin.write(HEAD.pack(len(encoded), len(data)) + encoded + data)
            process.stdin.flush()
            (size,) = SIZE.unpack(_exactly(process.stdout, SIZE.size))
            if size > MAX_ANSWER_BYTES:
                raise ValueError(f"the parser's answer has {size} bytes")
            line, _, packed = _exactly(process.stdout, size).partition(b"\n")
            return orjson.loads(line), packed
        except OSError as error:
            raise EOFError from error
        finally:
            watch.cancel()

    def _start(self, is_office: bool) -> "subprocess.Popen[bytes]":
        command = [
            *(sys.executable, "-m", "gateway.knowledge.parser_worker"),
            *(str(MEMORY_BYTES), str(self._file_seconds)),
            *(["office"] if is_office else []),
        ]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        # An empty environment: a file that takes over the parser finds no secrets.
        return subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=pipe, stdout=pipe, stderr=nothing, cwd=ROOT, env={}
        )

    def _why_ended(self, is_office: bool) -> str:
        """Raises OSError where the reason is not in the file."""
        code = self._end(is_office)
        if code == -signal.SIGKILL:
            raise OSError(
                f"was not parsed: its process was killed, or had no answer after {WALL_SECONDS:g} s"
            )
        if code == -signal.SIGXCPU:
            return f"takes longer to parse than one file is given, {self._file_seconds} s"
        return "cannot be parsed in the memory that one file is given"

    def _end(self, is_office: bool) -> int:
        """The exit status of the process, or 0 where there is none."""
        process = self._processes.pop(is_office, None)
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # the buffer is not empty, and the process is gone
                    pipe.close()
        watch = Timer(END_SECONDS, process.kill)
        watch.start()
        code = process.wait()
        watch.cancel()
        return code


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _is_office(name: str) -> bool:
    return suffix_of(name) in OFFICE
