"""Who a person is, by the claims of their ID token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.auth.oidc_errors import WrongToken

MAX_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class Person:
    """`subject` is the provider's own number of the person, `provider_session` that of their
    session there, where it tells one."""

    name: str
    is_staff: bool
    subject: str
    provider_session: str | None


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """OIDC_USER_CLAIM, OIDC_GROUPS_CLAIM and OIDC_STAFF_GROUPS."""

    user: str
    groups: str
    staff_groups: frozenset[str]


def person_of(claims: Mapping[str, Any], names: ClaimNames) -> Person:
    """Raises WrongToken where the claims hold no usable name."""
    name = _claim(claims, names.user)
    if names.user == "email" and claims.get("email_verified") is False:
        raise WrongToken("the provider has not verified this e-mail address")
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= MAX_NAME
        or not name.isprintable()
        or name != name.strip()  # "li " would look like li in records
        or ":" in name  # owners are made of names
    ):
        raise WrongToken(
            f"claim {names.user}: no name of 1 to {MAX_NAME} characters, without colons and without "
            "spaces around it"
        )
    session = claims.get("sid")
    return Person(
        name,
        is_staff=not names.staff_groups.isdisjoint(_groups(claims, names.groups)),
        subject=str(claims["sub"]),
        provider_session=session if isinstance(session, str) and session else None,
    )


def _groups(claims: Mapping[str, Any], name: str) -> set[str]:
    found = _claim(claims, name)
    listed = [found] if isinstance(found, str) else found
    return {one for one in listed if isinstance(one, str)} if isinstance(listed, list) else set()


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of that name; `a.b` may also be `b` inside the object `a`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
