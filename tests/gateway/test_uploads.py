"""Uploads that take their time take it from nobody else."""

from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.servers import Running
from tests.gateway.asking import until
from tests.gateway.hostile.pictures import pdf

UPLOADS = 80
THREADS = 40  # that FastAPI runs plain functions in


def upload(gateway: Running, number: int) -> int:
    files = {"file": ("contract.pdf", pdf(2, tail=b"%d" % number))}
    return requests.post(gateway.url + "/api/files", files=files, timeout=120).status_code


def test_pages_that_wait_to_be_rendered_hold_up_no_other_route(gateway: Running) -> None:
    with ThreadPoolExecutor(UPLOADS) as senders:
        sent = [senders.submit(upload, gateway, number) for number in range(UPLOADS)]
        until(lambda: any(one.done() for one in sent), 60)
        for path in ("/api/config", "/api/files", "/v1/models"):
            assert requests.get(gateway.url + path, timeout=60).ok
        waiting = sum(not one.done() for one in sent)
        assert waiting > THREADS, "in the threads' order the other routes would come after most of the uploads"
        assert {one.result() for one in sent} == {200}
