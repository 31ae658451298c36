"""What is printed about secrets: nothing."""

import pytest

from scripts.env_file import secrets_of
from scripts.findings import masked


def test_a_secret_that_holds_another_one_is_masked_first() -> None:
    assert masked("sk-shop-key-2 sk-shop-key", {"sk-shop-key", "sk-shop-key-2"}) == "*** ***"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "https://desk:pa55@shop.example.com/a leaves it",
            "https://***@shop.example.com/a leaves it",
        ),
        ("https://token-1@shop.example.com/a", "https://***@shop.example.com/a"),
        ("http://shop:80/a?key=tok-1&b=2 is away", "http://shop:80/a?*** is away"),
        ("'https://a:b@c/d?e=f'", "'https://***@c/d?***"),
        ("write to li@example.com, why?", "write to li@example.com, why?"),
        ("https://shop.example.com/people/@li", "https://shop.example.com/people/@li"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(told: str, shown: str) -> None:
    assert masked(told, ()) == shown


def test_the_values_of_connectors_are_secrets_and_their_addresses_are_not() -> None:
    settings = {
        "CONNECTOR_SHOP_URL": "https://desk:pa55word@shop.example.com/v1",
        "CONNECTOR_SHOP_ACCOUNT": "account-1",
        "HTTP_PORT": "8080",
    }
    assert secrets_of(settings) == {"pa55word", "account-1"}
