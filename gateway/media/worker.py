"""`python -m gateway.media.worker`: decodes images, renders PDFs and reads electronic invoices in a
sandboxed process.

Arguments: bytes of memory that any job may take, CPU seconds for the whole life. Jobs arrive on
stdin, answers go to stdout (worker_protocol.py). The process ends after a document and after any
error, so that nothing of one document is left for the next.
"""

# The sandbox lets no module be loaded later: names in ZIP archives, strings of PDFium, Chinese XML.
import encodings.cp437
import encodings.gb18030
import encodings.utf_16_le  # noqa: F401 - it registers the codec
import sys
from contextlib import suppress

from gateway.errors import GatewayError
from gateway.media import worker_protocol
from gateway.media.document import read_document
from gateway.media.limits import MIB
from gateway.media.pdf import render_pages
from gateway.media.picture import Picture
from gateway.media.raster import prepare_image, shrink
from gateway.media.worker_job import Job, error_head, job_of, result_head, result_parts
from gateway.server import process_memory
from gateway.server.sandbox import bound, sandbox

MAX_JOB_BYTES = 1024 * MIB  # the gateway's own bound is IMAGE_MAX_BYTES


def main() -> None:
    process_memory.configure()
    memory, seconds = map(int, sys.argv[1:3])
    base_memory = sandbox(memory, seconds)
    jobs, answers = sys.stdin.fileno(), sys.stdout.fileno()
    worker_protocol.send(answers, {"ready": True})
    with suppress(EOFError, OSError):  # the gateway has closed the pipe, or is gone
        goes_on = True
        while goes_on:
            head, data = worker_protocol.receive(jobs, MAX_JOB_BYTES)
            goes_on = answer(job_of(head, data), base_memory, answers)


def answer(job: Job, base_memory: int, answers: int) -> bool:
    """Whether the process may take another job. `base_memory`: bytes that it uses without one."""
    bound(base_memory + len(job.data) + job.limits.memory_bytes, job.seconds)
    try:
        pictures = run(job)
        parts = result_parts(pictures)
        if (size := sum(map(len, parts))) > job.limits.result_bytes:
            raise job.result_too_large(size)
    except GatewayError as error:
        worker_protocol.send(answers, error_head(error))
        return False
    except MemoryError:
        worker_protocol.send(answers, error_head(job.needs_too_much()))
        return False
    worker_protocol.send(answers, result_head(pictures), parts)
    return not job.ends_worker


def run(job: Job) -> list[Picture]:
    """Raises GatewayError or MemoryError."""
    match job.task:
        case "image":
            return prepare_image(job.data, job.kind, job.limits)
        case "pdf":
            return render_pages(bytes(job.data), job.limits)
        case "document":
            return [read_document(bytes(job.data), job.kind)]
        case "shrink":
            return [shrink(job.data, job.max_tokens)]


if __name__ == "__main__":
    main()
