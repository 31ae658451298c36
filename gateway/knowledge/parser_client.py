"""Parses files in a sandboxed process (parser_worker.py): one process for many files, and a new one
after it has ended."""

import signal
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO

import orjson

from gateway.knowledge.index_segment import Segment
from gateway.knowledge.questions import Questions

ROOT = Path(__file__).parents[2]
HEAD = struct.Struct(">II")
SIZE = struct.Struct(">I")
MEMORY_BYTES = 512 * 1024 * 1024
FILE_SECONDS = 20  # of CPU, for one file
WALL_SECONDS = 180.0  # for one file on a busy machine
END_SECONDS = 1.0  # for the process to end after its last file
MAX_ANSWER_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parsed:
    """`segment` of a Markdown file, `questions` of questions.toml."""

    problems: list[str] = field(default_factory=list)
    segment: Segment | None = None
    questions: Questions = field(default_factory=list)


class Parser:
    """For one thread, as a context manager: leaving the block ends the process."""

    def __init__(self, file_seconds: int = FILE_SECONDS) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._file_seconds = file_seconds

    def __enter__(self) -> "Parser":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._end()

    def parse(self, name: str, data: bytes) -> Parsed:
        """Faults of the file are among its problems. Raises OSError where no process can be
        started, or where it was killed from outside."""
        process = self._process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        watch = Timer(WALL_SECONDS, process.kill)
        watch.start()
        try:
            encoded = name.encode()
            process.stdin.write(HEAD.pack(len(encoded), len(data)) + encoded + data)
            process.stdin.flush()
            (size,) = SIZE.unpack(_exactly(process.stdout, SIZE.size))
            if size > MAX_ANSWER_BYTES:
                raise ValueError(f"the parser's answer has {size} bytes")
            return _parsed(_exactly(process.stdout, size))
        except (OSError, EOFError, ValueError):
            return Parsed([self._why_ended()])
        finally:
            watch.cancel()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [
            sys.executable,
            "-m",
            "gateway.knowledge.parser_worker",
            str(MEMORY_BYTES),
            str(self._file_seconds),
        ]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        # An empty environment: a file that takes over the parser finds no secrets.
        return subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=pipe, stdout=pipe, stderr=nothing, cwd=ROOT, env={}
        )

    def _why_ended(self) -> str:
        """Raises OSError where the reason is not in the file."""
        code = self._end()
        if code == -signal.SIGKILL:
            raise OSError(
                f"was not parsed: its process was killed, or had no answer after {WALL_SECONDS:g} s"
            )
        if code == -signal.SIGXCPU:
            return f"takes longer to parse than one file is given, {self._file_seconds} s"
        return "cannot be parsed in the memory that one file is given"

    def _end(self) -> int:
        """The exit status of the process, or 0 where there is none."""
        process, self._process = self._process, None
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


def _parsed(answer: bytes) -> Parsed:
    line, _, packed = answer.partition(b"\n")
    outcome = orjson.loads(line)
    segment = Segment.unpack(packed) if packed else None
    return Parsed(
        [str(problem) for problem in outcome["problems"]], segment, outcome.get("questions", [])
    )
