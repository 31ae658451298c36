"""Who is staff: the contract's list, and nobody else."""

from pathlib import Path
from typing import cast

import pytest

from gateway.auth.api_keys import APIKeyStore
from gateway.auth.authenticator import Authenticator
from gateway.auth.staff import Staff
from gateway.auth.tokens import Signer
from gateway.server.client_connection import ClientConnection
from gateway.server.request_context import Caller, RequestContext
from gateway.setting_values import networks
from tests.support.access import bearer, nginx, token

DESK = "/api/desk/corrections"


def caller_of(
    headers: dict[str, str], staff: Staff, *, address: str = "127.0.0.1", path: str = DESK
) -> Caller:
    signer = Signer("embed-secret-of-the-tests")
    keys = APIKeyStore((("shop", "sk-shop"),), None)
    authenticator = Authenticator(keys, signer, networks("127.0.0.0/8,10.0.0.0/8"), staff)
    nobody = cast(ClientConnection, None)  # nothing here answers
    sent = {"host": "localhost", **headers}
    through_proxy = "x-sightdesk-user" in headers
    context = RequestContext("r", address, through_proxy, "http", nobody, sent)
    caller = authenticator.authenticate(path, context)
    assert caller is not None
    return caller


def staff_of(headers: dict[str, str], staff: Staff, **more: str) -> tuple[str, str]:
    """(name as staff, owner) of who calls."""
    caller = caller_of(headers, staff, **more)
    return caller.staff, caller.owner


@pytest.mark.parametrize(
    ("users", "user", "name"),
    [(("admin",), "admin", "admin"), (("admin",), "guest", ""), (("*",), "guest", "guest")],
)
def test_nginxs_users_are_staff_by_name(users: tuple[str, ...], user: str, name: str) -> None:
    found, owner = staff_of(nginx(user), Staff(users))
    assert found == name
    assert owner == (f"staff:{name}" if name else owner)


def test_staff_act_as_visitors_on_the_page() -> None:
    name, owner = staff_of(nginx(), Staff(("admin",)), path="/api/chat")
    assert name == "admin"
    assert owner.startswith("user:admin:")


def test_a_token_and_a_clients_key_are_never_staff() -> None:
    everyone = Staff(("*", "shop", "li"), is_anonymous=True)
    assert staff_of(bearer(token()), everyone)[0] == ""
    assert staff_of(bearer("sk-shop"), everyone)[0] == ""


@pytest.mark.parametrize(
    ("is_demo", "address", "name"),
    [(True, "127.0.0.1", "demo"), (True, "10.0.0.9", ""), (False, "127.0.0.1", "")],
)
def test_an_anonymous_caller_is_staff_in_the_demo_on_this_machine_only(
    is_demo: bool, address: str, name: str
) -> None:
    assert staff_of({}, Staff((), is_anonymous=is_demo), address=address)[0] == name


def test_a_key_with_another_role_is_no_key(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text('{"keys": [{"name": "a", "role": "root", "sha256": "%s"}]}' % ("a" * 64))
    assert "root is no role" in str(APIKeyStore((), file).problem)


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
def test_systems_are_asked_for_who_is_signed_in_and_for_nobody_else(path: str) -> None:
    demo, company = Staff((), is_anonymous=True), Staff(("admin",))
    asked = {
        "demo": caller_of({}, demo, path=path),
        "nobody": caller_of({}, company, path=path),
        "key": caller_of(bearer("sk-shop"), demo, path=path),
    }
    if path == "/api/chat":
        asked["user"] = caller_of(nginx("li"), company, path=path)
        asked["token"] = caller_of(bearer(token("zhang")), company, path=path)
    expected = {
        "demo": ("demo", "desk"),
        "nobody": ("", "desk"),
        "key": ("", "shop"),
        "user": ("li", "desk"),
        "token": ("zhang", "shop"),
    }
    assert {name: (one.subject, one.tenant) for name, one in asked.items()} == {
        name: expected[name] for name in asked
    }
