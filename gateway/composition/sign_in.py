"""Builds single sign-on. Imported only where OIDC_ISSUER is set: Authlib takes memory that the
other gateways do without."""

import structlog

from gateway.api.sign_in import SignIn
from gateway.auth.oidc_flow import SignInFlow
from gateway.auth.oidc_people import ClaimNames
from gateway.auth.oidc_provider import Client, Provider
from gateway.auth.tokens import Signer
from gateway.settings import Settings, WrongSettings
from gateway.storage.database import Database
from gateway.storage.sessions import Sessions

log = structlog.get_logger()


def build_sign_in(settings: Settings, signer: Signer, database: Database) -> SignIn:
    """Raises WrongSettings where OIDC_CA_FILE cannot be read."""
    client = Client(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        settings.oidc_scopes,
        settings.oidc_ca_file,
    )
    names = ClaimNames(
        settings.oidc_user_claim,
        settings.oidc_groups_claim,
        frozenset(settings.oidc_staff_groups),
    )
    try:
        provider = Provider(client)
    except OSError as error:
        raise WrongSettings(
            f"OIDC_CA_FILE={str(settings.oidc_ca_file)!r}: {error.strerror or error}"
        ) from None
    if client.issuer.startswith("http:"):
        log.warning("oidc_without_tls", issuer=client.issuer)
    return SignIn(
        SignInFlow(provider, names, signer),
        Sessions(database),
        signer,
        public_url=settings.public_url,
        seconds=settings.oidc_session,
        has_password=settings.basic_auth,
    )
