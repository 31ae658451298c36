"""Parses knowledge files in a sandboxed process. Arguments: bytes of memory, CPU seconds a file,
and `office` where it is for binary files.

stdin, for each file: length of the request and of the data (4 bytes each, big-endian), the request
as JSON `{"name", "scans": {page: [line]}, "page"}`, the data. With a `page` that page is drawn.
stdout, for each file: length (4 bytes), a JSON line `{"problems": […], "scanned": [page]}` (with
`questions` for questions.toml), then the clauses (index_packing.py) or the picture of the page.
"""

import json
import struct
import sys
from typing import Any, BinaryIO

from gateway.knowledge.chinese import simplified_characters
from gateway.knowledge.clause_builder import clauses_of
from gateway.knowledge.index_packing import pack
from gateway.knowledge.questions import QUESTIONS_FILE, read_questions
from gateway.knowledge.sources.archives import NotReadable
from gateway.knowledge.sources.decoding import NotText, decoded
from gateway.knowledge.sources.reading import read_file
from gateway.server.sandbox import bound, sandbox

HEAD = struct.Struct(">II")
SIZE = struct.Struct(">I")
LIFE_SECONDS = 3600  # of CPU, even if the gateway never ends the process
READING_SHARE = 0.6  # of a file's time; the rest is for its clauses
OFFICE = "office"


def main() -> None:
    memory, seconds = map(int, sys.argv[1:3])
    if OFFICE in sys.argv[3:]:
        import gateway.knowledge.sources.office  # noqa: F401 - the sandbox imports nothing later
    simplified_characters()  # reads files, which the sandbox forbids
    base_memory = sandbox(memory, LIFE_SECONDS)
    source, out = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD.size):
        request_size, size = HEAD.unpack(head)
        request, data = json.loads(source.read(request_size)), source.read(size)
        bound(base_memory + memory, seconds)
        answer(out, *outcome(request, data, seconds))


def outcome(request: dict[str, Any], data: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
    """(JSON line, packed clauses) of one file. Never raises: every fault is among the problems."""
    name = request["name"]
    try:
        if name == QUESTIONS_FILE:
            text, problems = decoded(data)
            questions, wrong = read_questions(text)
            return {"problems": problems + wrong, "questions": questions}, b""
        if request.get("page"):
            from gateway.knowledge.sources.office import drawn

            return {"problems": []}, drawn(data, request["page"])
        scans = {int(page): lines for page, lines in request.get("scans", {}).items()}
        document = read_file(name, data, READING_SHARE * seconds, scans)
        clauses = clauses_of(document, name)
        return {"problems": document.problems, "scanned": document.scanned}, pack(clauses)
    except (NotText, NotReadable) as error:
        return {"problems": [str(error)]}, b""
    except MemoryError:
        return {"problems": ["needs more memory than one file is given"]}, b""
    except Exception as error:  # noqa: BLE001 - reported as the file's problem
        return {"problems": [f"cannot be used: {type(error).__name__}: {error}"[:500]]}, b""


def answer(out: BinaryIO, line: dict[str, Any], packed: bytes) -> None:
    text = json.dumps(line).encode() + b"\n"
    out.write(SIZE.pack(len(text) + len(packed)) + text + packed)
    out.flush()


if __name__ == "__main__":
    main()
