"""An OpenID Connect provider: oidc-provider-mock, with keys, tokens and a clock that tests change.

`python -m tests.support.oidc_provider`. POST /control takes JSON with any of these:

- `rotate`: a new key; the old one is no longer published
- `clock`: seconds by which the provider's clock is ahead
- `forge`: changes to the next ID tokens: `claims`, `drop`, `header`, `key`, `raw`
- `publish`: whether new keys are published
- `issuer`: the issuer in the discovery document
- `size`: bytes of padding in the discovery document
- `reset`: back to the beginning

POST /control/logout {url, claims, drop, header, key} sends a logout token to `url`, and answers
with the status that came back.
"""

import base64
import hmac
import json
import os
import secrets
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
import oidc_provider_mock
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

from tests.support.single_sign_on import CLIENT_ID, CLIENT_SECRET

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
USERS = {
    "li": {"preferred_username": "li", "email": "li@example.com", "groups": ["customers"]},
    "wang": {"preferred_username": "王芳", "groups": ["support", "customers"]},
    "admin": {"preferred_username": "admin", "groups": []},
    "colon": {"preferred_username": "a:b", "groups": "support"},
}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class State:
    def __init__(self) -> None:
        self.first = RSAKey.generate_key(2048, {"use": "sig"})
        self.stranger = RSAKey.generate_key(2048)
        self.reset()

    def reset(self) -> None:
        self.keys = [self.first]
        self.published = KeySet([self.first])
        self.clock = 0
        self.forge: dict[str, Any] = {}
        self.issuer: str | None = None
        self.size = 0
        self.counts: dict[str, int] = {}
        self.challenges: dict[str, str] = {}

    def signed(self, claims: dict[str, Any], change: dict[str, Any]) -> str:
        """The claims as a token, with `change` applied."""
        if "raw" in change:
            return str(change["raw"])
        claims = {**claims, **change.get("claims", {})}
        for name in change.get("drop", ()):
            claims.pop(name, None)
        key = self.keys[-1]
        header = {"alg": "RS256", "kid": key.kid, **change.get("header", {})}
        kind = change.get("key", "own")
        header |= {"none": {"alg": "none"}, "public": {"alg": "HS256"}}.get(kind, {})
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{signed}.{b64(self._signature(kind, signed.encode()))}"

    def _signature(self, kind: str, signed: bytes) -> bytes:
        """By hand: no library makes the wrong ones."""
        key = self.stranger if kind == "stranger" else self.keys[-1]
        if kind == "none":
            return b""
        if kind == "public":  # the public key is the shared secret
            return hmac.digest(key.as_pem(private=False), signed, "sha256")
        assert key.private_key is not None
        made = key.private_key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return made[:-4] + b"\0\0\0\0" if kind == "damaged" else made


state = State()
app: flask.Flask = oidc_provider_mock.app(
    user_claims=[oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in USERS.items()]
)
app.debug = False


@app.before_request
def before() -> Any:
    path = flask.request.path
    state.counts[path] = state.counts.get(path, 0) + 1
    if path == "/jwks":
        return flask.jsonify(state.published.as_dict(private=False))
    if path == "/oauth2/token":
        return refuse_token()
    return None


def refuse_token() -> Any:
    """What the library does not check: the client's secret, and PKCE."""
    sent, form = flask.request.authorization, flask.request.form
    if not sent or (sent.username, sent.password) != (CLIENT_ID, CLIENT_SECRET):
        return flask.jsonify({"error": "invalid_client"}), 401
    challenge = state.challenges.pop(form.get("code", ""), None)
    if not challenge or create_s256_code_challenge(form.get("code_verifier", "")) != challenge:
        return flask.jsonify({"error": "invalid_grant"}), 400
    return None


@app.after_request
def after(response: flask.Response) -> flask.Response:
    path = flask.request.path
    if path == "/oauth2/authorize" and response.status_code == 302:
        code = parse_qs(urlsplit(response.headers["location"]).query).get("code", [""])[0]
        given = flask.request.args
        if given.get("code_challenge_method") == "S256":
            state.challenges[code] = given["code_challenge"]
    if path == "/oauth2/token" and response.status_code == 200:
        answer = response.get_json()
        payload = answer["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claims |= {"sid": "session-of-" + claims["sub"]}
        claims |= {name: claims[name] + state.clock for name in ("exp", "iat")}
        answer["id_token"] = state.signed(claims, state.forge)
        response.set_data(json.dumps(answer))
    if path == "/.well-known/openid-configuration":
        document = {**response.get_json(), "padding": "x" * state.size}
        response.set_data(json.dumps(document | ({"issuer": state.issuer} if state.issuer else {})))
    return response


@app.post("/control")
def control() -> Any:
    wanted = flask.request.get_json()
    if wanted.get("reset"):
        state.reset()
    if wanted.get("rotate"):
        state.keys.append(RSAKey.generate_key(2048, {"use": "sig"}))
        if wanted.get("publish", True):
            state.published = KeySet([state.keys[-1]])
    for name in ("clock", "forge", "issuer", "size"):
        if name in wanted:
            setattr(state, name, wanted[name])
    return flask.jsonify(state.counts)


@app.post("/control/logout")
def send_logout() -> Any:
    wanted = flask.request.get_json()
    now = int(time.time()) + state.clock
    claims = {
        "iss": flask.request.host_url.rstrip("/"),
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": secrets.token_hex(8),
        "events": {LOGOUT_EVENT: {}},
    }
    token = state.signed(claims, wanted)
    request = urllib.request.Request(
        wanted["url"], urlencode({"logout_token": token}).encode(), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return {"status": answer.status}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True).serve_forever()
