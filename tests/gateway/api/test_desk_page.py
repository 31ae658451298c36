"""GET /desk.html without an nginx in front, as in `make demo`."""

from pathlib import Path

import httpx

from gateway.app import create_app
from gateway.settings import load_settings
from tests.support.page_files import without_digest
from tests.support.paths import ROOT


async def asked(tmp_path: Path, path: str, **more: object) -> httpx.Response:
    settings = load_settings(
        data_dir=tmp_path, anonymous_networks="127.0.0.0/8", staff_anonymous=True, **more
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path)


async def test_the_gateway_sends_the_page_itself_where_it_has_the_file(tmp_path: Path) -> None:
    answer = await asked(tmp_path, "/desk.html", frontend_dir=ROOT / "frontend")
    assert without_digest(answer.text) == (ROOT / "frontend/desk.html").read_text()
    assert answer.headers["content-security-policy"].endswith("frame-ancestors 'self'")


async def test_without_the_file_and_without_nginx_there_is_no_page(tmp_path: Path) -> None:
    answer = await asked(tmp_path, "/desk.html")
    assert answer.status_code == 404
    assert "x-accel-redirect" not in answer.headers


async def test_staff_are_told_the_name_that_they_act_under(tmp_path: Path) -> None:
    assert (await asked(tmp_path, "/api/desk/me")).json() == {"name": "demo"}
