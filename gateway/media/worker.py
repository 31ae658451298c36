"""`python -m gateway.media.worker`: decodes pictures and renders PDFs in a confined process that the gateway can end.

Arguments: the most bytes of memory that any work may take, seconds of CPU for its whole life. Jobs come on stdin, answers go
to stdout (wire.py). It ends after a PDF and after any error, so that nothing of one document is there for the next.
"""

import sys
from contextlib import suppress

from gateway.errors import GatewayError
from gateway.media import worker_protocol
from gateway.media.limits import MIB
from gateway.media.pdf import render_pages
from gateway.media.picture import Picture
from gateway.media.raster import prepare_image, shrink
from gateway.media.worker_job import Job, job_of, told, told_error
from gateway.server import process_memory
from gateway.server.sandbox import bound, sandbox

MAX_JOB_BYTES = 1024 * MIB  # the gateway's own bound is IMAGE_MAX_BYTES


def main() -> None:
    process_memory.configure()
    memory, seconds = map(int, sys.argv[1:3])
    has_now = sandbox(memory, seconds)
    jobs, answers = sys.stdin.fileno(), sys.stdout.fileno()
    worker_protocol.send(answers, {"ready": True})
    with suppress(EOFError, OSError):  # the gateway has closed the pipe, or is gone
        goes_on = True
        while goes_on:
            head, data = worker_protocol.receive(jobs, MAX_JOB_BYTES)
            goes_on = answer(job_of(head, data), has_now, answers)


def answer(job: Job, has_now: int, answers: int) -> bool:
    """Whether the worker may take another job."""
    bound(has_now + len(job.data) + job.limits.memory_bytes, job.seconds)
    try:
        pictures = made(job)
    except GatewayError as error:
        worker_protocol.send(answers, told_error(error))
        return False
    except MemoryError:
        worker_protocol.send(answers, told_error(job.needs_too_much()))
        return False
    if (size := sum(len(picture.data) for picture in pictures)) > job.limits.result_bytes:
        worker_protocol.send(answers, told_error(job.result_too_large(size)))
        return False
    worker_protocol.send(answers, told(pictures), (picture.data for picture in pictures))
    return job.task != "pdf"


def made(job: Job) -> list[Picture]:
    match job.task:
        case "image":
            return prepare_image(job.data, job.kind, job.limits)
        case "pdf":
            return render_pages(bytes(job.data), job.limits)
        case "shrink":
            return [shrink(job.data, job.max_tokens)]


if __name__ == "__main__":
    main()
