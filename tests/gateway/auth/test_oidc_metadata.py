"""The provider's discovery document: an address that cannot be used is the provider's fault."""

import pytest

from gateway.auth.oidc_errors import ProviderDown
from gateway.auth.oidc_provider import Client, read_metadata

ISSUER = "https://id.example"
NAMES = ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint")
CLIENT = Client(ISSUER, "desk")


def document(**changed: object) -> dict[str, object]:
    return {"issuer": ISSUER, **dict.fromkeys(NAMES, f"{ISSUER}/path"), **changed}


def test_a_document_with_whole_addresses_is_read() -> None:
    found = read_metadata(document(token_endpoint="https://id.example:8443/token"), CLIENT)
    assert found.token == "https://id.example:8443/token"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "address",
    [
        "https://id.example:99999x/path",
        "https://id.example:99999/path",
        "https://[id.example/path",
        "https:///path",
        "https://id.example/a\npath",
        "http://id.example/path",
        ["https://id.example/path"],
    ],
)
def test_an_address_that_cannot_be_used_is_named(name: str, address: object) -> None:
    with pytest.raises(ProviderDown, match=f"discovery: {name} is "):
        read_metadata(document(**{name: address}), CLIENT)
