"""The names under which callers are counted and queued."""

import ipaddress

from gateway.auth.tokens import Signer
from gateway.server.request_context import RequestContext

ADDRESS = "address:"


def limit_key(owner: str) -> str:
    """The key of an owner's rate limit. An IPv6 address is counted by its /64 network, the
    smallest that a provider assigns to one customer."""
    if not owner.startswith(ADDRESS) or ":" not in owner.removeprefix(ADDRESS):
        return owner
    return ADDRESS + str(ipaddress.ip_network(f"{owner.removeprefix(ADDRESS)}/64", strict=False))


def queue_key(signer: Signer, context: RequestContext) -> str:
    """The caller's key in the queues before `lite`: a pseudonym, since `lite` sees it. It stands
    for the caller who is charged, so a visitor without a cookie is an address."""
    return signer.pseudonym(limit_key(context.limit_owner))
