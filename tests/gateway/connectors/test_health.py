"""Whether a system answers that has no path for its health."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from tests.support.connectors import READ, opened, write


async def test_a_server_that_knows_no_head_answers(tmp_path: Path) -> None:
    write(tmp_path, parcel=READ)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # 501 for every method
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        async with opened(tmp_path, url) as connectors:
            assert [one["reason"] for one in await connectors.health()] == [""]
        server.shutdown()
