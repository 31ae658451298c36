"""Which rate limit a request is charged to, also when it is refused."""

from pathlib import Path

import requests

from tests.support.access import PAGE, Row, bearer, call, nginx, settings, token
from tests.support.servers import Running, running_gateway


def test_failed_authentication_counts_against_the_address_whatever_it_tried(
    engine: Running, tmp_path: Path
) -> None:
    limits = {"RATE_LIMIT_IP": "6/minute", "ANONYMOUS_NETWORKS": ""}
    with running_gateway(engine.url, tmp_path, **settings(**limits)) as gateway:
        tries = [
            ("GET", "/v1/models", bearer("sk-wrong")),
            ("GET", "/api/config", bearer(token(ttl=-1))),
            ("GET", "/api/config", {}),
            ("POST", "/v1/embed-tokens", bearer(token())),
            ("POST", "/v1/files", {}),
            ("POST", "/api/chat", nginx(secret="guess")),
        ]
        assert [call(gateway, *attempt).status_code for attempt in tries] == [401] * 6
        refused = call(gateway, "GET", "/v1/models", bearer("sk-guess"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            429,
            "rate_limit_exceeded",
        )
        assert (
            call(gateway, "GET", "/v1/models", bearer("sk-shop")).status_code == 200
        )  # whoever has a key is not locked out
        from_elsewhere = {**nginx(user="", address="10.9.9.9"), **bearer("sk-wrong")}
        assert call(gateway, "GET", "/v1/models", from_elsewhere).status_code == 401


def test_a_visitor_who_drops_the_cookie_wins_no_new_allowance(
    engine: Running, tmp_path: Path, calls: list[tuple[str, str, Row]]
) -> None:
    limits = {"RATE_LIMIT_API": "4/minute", "RATE_LIMIT_USER": "2/minute"}
    with running_gateway(engine.url, tmp_path, **settings(**limits)) as gateway:
        assert [call(gateway, "GET", "/api/config", {}).status_code for _ in range(5)] == [
            200
        ] * 4 + [429]
        assert [call(gateway, "POST", "/api/chat", {}).status_code for _ in range(3)] == [
            400
        ] * 2 + [429]
        for method, path, row in calls:
            if row.who == PAGE:
                assert call(gateway, method, path, {}).status_code == 429, (method, path)


def test_the_request_that_brings_a_visitor_the_cookie_is_one_of_the_visitors_own(
    engine: Running, tmp_path: Path
) -> None:
    limits = {"RATE_LIMIT_API": "3/minute", "RATE_LIMIT_USER": "2/minute"}
    with (
        running_gateway(engine.url, tmp_path, **settings(**limits)) as gateway,
        requests.Session() as visitor,
    ):
        asked = [visitor.post(gateway.url + "/api/chat", json={}).status_code for _ in range(3)]
        assert asked == [400, 400, 429]
        looked = [visitor.get(gateway.url + "/api/config").status_code for _ in range(4)]
        assert looked == [200, 200, 200, 429]
        visitor.cookies.clear()
        again = [visitor.get(gateway.url + "/api/config").status_code for _ in range(4)]
        assert again == [200, 200, 200, 429]


def test_a_body_that_is_refused_is_charged_too(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **settings(RATE_LIMIT_API="3/minute")) as gateway:
        asked = [
            call(gateway, "POST", "/v1/embed-tokens", bearer("sk-shop")).status_code
            for _ in range(4)
        ]
        assert asked == [400] * 3 + [429]
