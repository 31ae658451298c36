"""Kuaidi100, real-time query: a form with a signature, MD5 over param + key + customer.

KUAIDI100_CUSTOMER, KUAIDI100_KEY; KUAIDI100_URL and KUAIDI100_DETECT_URL for other addresses.
Described at api.kuaidi100.com/document: the query, and which carrier a number may be of.
"""

import hashlib
import json
import os
from typing import Any
from urllib.parse import urlencode

from examples.connectors.relay.upstream import Failed, Refused, send, setting

QUERY = "https://poll.kuaidi100.com/poll/query.do"
DETECT = "https://www.kuaidi100.com/autonumber/auto"


def track(number: str, phone: str) -> dict[str, Any]:
    """Kuaidi100's own answer: `com`, `state`, `data` with the newest scan first.

    Raises Refused, Failed.
    """
    key, customer = setting("KUAIDI100_KEY"), setting("KUAIDI100_CUSTOMER")
    param = {"com": _carrier(number, key), "num": number, "phone": phone, "order": "desc"}
    text = json.dumps(
        {name: value for name, value in param.items() if value}, separators=(",", ":")
    )
    form = {"customer": customer, "sign": signature(text, key, customer), "param": text}
    _, answer = send("POST", os.environ.get("KUAIDI100_URL", QUERY), form=form)
    if not isinstance(answer, dict):
        raise Failed("the provider's answer is not as described")
    if answer.get("result") is False or not answer.get("data"):  # with HTTP 200
        raise Refused(str(answer.get("message") or "nothing is known of this number"))
    return answer


def signature(param: str, key: str, customer: str) -> str:
    """The provider prescribes MD5."""
    return hashlib.md5((param + key + customer).encode(), usedforsecurity=False).hexdigest().upper()


def _carrier(number: str, key: str) -> str:
    """The carrier that this number is most likely of."""
    address = os.environ.get("KUAIDI100_DETECT_URL", DETECT)
    _, found = send("GET", f"{address}?{urlencode({'num': number, 'key': key})}")
    if not isinstance(found, list) or not found:
        raise Refused("no carrier has numbers like this one")
    return str(found[0].get("comCode", ""))
