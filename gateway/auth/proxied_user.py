"""The user whom nginx names: by Basic Auth, or because the gateway told nginx who has the session
(`auth_request`, api/sign_in.py)."""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from gateway.auth.networks import USER_HEADER
from gateway.server.request_context import RequestContext

SIGN_IN_FOLDER = "/auth/"
SIGN_IN_HEADER = "x-sightdesk-sign-in"
STAFF, CUSTOMER = "sso-staff", "sso"  # its values; it is missing for Basic Auth


@dataclass(frozen=True, slots=True)
class ProxiedUser:
    """`is_staff` is None for Basic Auth: STAFF_USERS decides."""

    name: str
    is_staff: bool | None


def proxied_user(context: RequestContext) -> ProxiedUser | None:
    headers = context.request_headers if context.through_proxy else {}
    name, by_provider = headers.get(USER_HEADER, ""), headers.get(SIGN_IN_HEADER, "")
    if not name:
        return None
    if not by_provider:
        return ProxiedUser(name, None)
    return ProxiedUser(unquote(name), by_provider == STAFF)


def headers_for_nginx(name: str, is_staff: bool) -> dict[str, str]:
    """What nginx passes on with each request of the session. Names may be in any script, headers
    only in Latin letters."""
    return {USER_HEADER: quote(name, safe=""), SIGN_IN_HEADER: STAFF if is_staff else CUSTOMER}
