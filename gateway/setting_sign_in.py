"""The settings of sign-in: Basic Auth and single sign-on (OpenID Connect)."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from gateway.setting_people import PeopleSettings
from gateway.setting_values import Names, Seconds, http_url


def issuer_url(value: str) -> str:
    """An issuer, character by character: providers compare it so, with its last slash."""
    http_url(value)
    return value


class SignInSettings(PeopleSettings):
    basic_auth: bool = Field(
        True,
        description="off: nobody signs in with a password, only by OIDC_ISSUER. Needs OIDC_ISSUER.",
    )
    oidc_issuer: Annotated[str, AfterValidator(issuer_url)] = Field(
        "",
        validate_default=True,
        description="Single sign-on for the pages: URL of the OpenID Connect provider, exactly as "
        "its discovery document names it (docs/sign-in.md). Empty: off.",
    )
    oidc_client_id: str = Field(
        "",
        max_length=256,
        validate_default=True,
        description="Name under which the provider knows this desk.",
    )
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="Secret for the provider. Empty: the desk is a public client."
    )
    oidc_staff_groups: Names = Field(
        (),
        description="Groups of the provider whose members are staff, comma-separated. STAFF_USERS "
        "does not count for single sign-on.",
    )
    oidc_groups_claim: str = Field(
        "groups",
        min_length=1,
        max_length=256,
        description="Claim of the ID token that lists the groups, such as groups or "
        "realm_access.roles.",
    )
    oidc_user_claim: str = Field(
        "preferred_username",
        min_length=1,
        max_length=256,
        description="Claim of the ID token that is the user's name here, such as email.",
    )
    oidc_scopes: str = Field(
        "openid profile email",
        max_length=1024,
        description="Scopes that the provider is asked for, separated by spaces.",
    )
    oidc_session: Seconds = Field(
        28_800, description="Seconds until a person who signed in by OIDC signs in again."
    )
    oidc_ca_file: Path | None = Field(
        None,
        description="Certificates that the provider's TLS is checked with, beside the public ones.",
    )

    @field_validator("oidc_client_id")
    @classmethod
    def names_the_client(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("oidc_issuer") and not value:
            raise ValueError("the name under which the provider of OIDC_ISSUER knows this desk")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def leaves_a_way_in(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("basic_auth") is False:
            raise ValueError("the URL of a provider, since BASIC_AUTH is off")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def asks_for_an_id_token(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("scopes with openid among them, separated by spaces")
        return " ".join(value.split())
