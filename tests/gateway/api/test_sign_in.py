"""The routes of single sign-on, in front of a provider that does not answer."""

from pathlib import Path

import requests

from tests.support.servers import free_port, running_gateway


def test_beginning_and_ending_a_sign_in_count_for_the_limit_of_short_routes(tmp_path: Path) -> None:
    with running_gateway(
        "",
        tmp_path,
        OIDC_ISSUER=f"http://127.0.0.1:{free_port()}",
        OIDC_CLIENT_ID="desk",
        RATE_LIMIT_API="3/minute",
    ) as gateway:

        def status(method: str, path: str) -> int:
            asked = requests.request(method, gateway.url + path, timeout=10, allow_redirects=False)
            return asked.status_code

        routes = [("GET", "/auth/login"), ("GET", "/auth/callback"), ("POST", "/auth/logout")]
        assert [status(*route) for route in routes] == [503, 400, 200]
        assert [status(*route) for route in routes] == [429, 429, 429]
        assert status("GET", "/auth/check") == 401
        assert status("GET", "/auth/signed-out") == 200
