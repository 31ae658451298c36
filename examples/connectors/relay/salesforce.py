"""Salesforce's REST API, with an access token of the OAuth client-credentials flow.

SALESFORCE_URL (https://YOURS.my.salesforce.com), SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET.
A token is used until it is refused (401), since the answer does not say how long it lasts.
"""

from http import HTTPStatus
from threading import Lock
from typing import Any

from examples.connectors.relay.upstream import Refused, send, setting

PREFIX = "/services/data/"


class Salesforce:
    def __init__(self) -> None:
        self._lock = Lock()
        self._token = ""

    def forward(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """`path`: as it came, still percent-encoded, with its query. Raises Refused, Failed."""
        if not path.startswith(PREFIX):
            raise Refused("only the REST API is forwarded", HTTPStatus.NOT_FOUND)
        token = self._token or self._renew("")
        status, answer = self._send(method, path, body, token)
        if status == HTTPStatus.UNAUTHORIZED:  # nothing was done, so it can be sent again
            status, answer = self._send(method, path, body, self._renew(token))
        return status, answer

    def _send(self, method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        return send(method, setting("SALESFORCE_URL") + path, json_body=body, headers=headers)

    def _renew(self, refused: str) -> str:
        """A token other than `refused`; several threads that need one ask once."""
        with self._lock:
            if self._token in ("", refused):
                form = {
                    "grant_type": "client_credentials",
                    "client_id": setting("SALESFORCE_CLIENT_ID"),
                    "client_secret": setting("SALESFORCE_CLIENT_SECRET"),
                }
                url = setting("SALESFORCE_URL") + "/services/oauth2/token"
                status, answer = send("POST", url, form=form)
                if status != HTTPStatus.OK or not isinstance(answer, dict):
                    raise Refused("Salesforce gives no access token", HTTPStatus.FORBIDDEN)
                self._token = str(answer.get("access_token", ""))
            return self._token
