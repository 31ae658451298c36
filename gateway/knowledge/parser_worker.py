"""Parses knowledge files in a sandboxed process. Arguments: bytes of memory, CPU seconds a file.

stdin, for each file: length of its name and of its data (4 bytes each, big-endian), name, data.
stdout, for each file: length (4 bytes), a JSON line `{"problems": […]}` (with `questions` for
questions.toml), then the clauses (index_packing.py).
"""

import json
import struct
import sys
from typing import Any, BinaryIO

from gateway.knowledge.chinese import simplified_characters
from gateway.knowledge.clauses import parse
from gateway.knowledge.index_packing import pack
from gateway.knowledge.questions import QUESTIONS_FILE, read_questions
from gateway.server.sandbox import bound, sandbox

HEAD = struct.Struct(">II")
SIZE = struct.Struct(">I")
LIFE_SECONDS = 3600  # of CPU, even if the gateway never ends the process


def main() -> None:
    memory, seconds = map(int, sys.argv[1:3])
    simplified_characters()  # reads files, which the sandbox forbids
    base_memory = sandbox(memory, LIFE_SECONDS)
    source, out = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD.size):
        name_size, size = HEAD.unpack(head)
        name, data = source.read(name_size).decode(), source.read(size)
        bound(base_memory + memory, seconds)
        answer(out, *outcome(name, data))


def outcome(name: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """(JSON line, packed clauses) of one file. Never raises: every fault is among the problems."""
    try:
        text, problems = decoded(data)
        if name == QUESTIONS_FILE:
            questions, wrong = read_questions(text)
            return {"problems": problems + wrong, "questions": questions}, b""
        return {"problems": problems}, pack(parse(text, name))
    except UnicodeDecodeError as error:
        return {"problems": [f"not UTF-8 at byte {error.start}; save it as UTF-8"]}, b""
    except MemoryError:
        return {"problems": ["needs more memory than one file is given"]}, b""
    except Exception as error:  # noqa: BLE001 - reported as the file's problem
        return {"problems": [f"cannot be used: {type(error).__name__}: {error}"[:500]]}, b""


def decoded(data: bytes) -> tuple[str, list[str]]:
    """(text without NUL characters, problems). Raises UnicodeDecodeError."""
    text = data.decode("utf-8").removeprefix("\ufeff")
    at = text.find("\0")
    if at < 0:
        return text, []
    line = text.count("\n", 0, at) + 1
    return text.replace("\0", ""), [
        f"{text.count(chr(0))} NUL characters are left out, the first in line {line}"
    ]


def answer(out: BinaryIO, line: dict[str, Any], packed: bytes) -> None:
    text = json.dumps(line).encode() + b"\n"
    out.write(SIZE.pack(len(text) + len(packed)) + text + packed)
    out.flush()


if __name__ == "__main__":
    main()
