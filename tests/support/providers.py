"""A fake server of each API that the connectors' cookbook uses. It checks requests as the API's
documentation describes them, and answers in the documented form."""

import base64
import contextlib
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.threaded_server import serving

BASIC = base64.b64encode(b"desk:the-secret-of-the-desk").decode()
BEARER = "a-bearer-token-of-the-tests"
KUAIDI_CUSTOMER, KUAIDI_KEY = "C0FFEE", "kuaidi-key"
FEISHU_SECRET, DINGTALK_SECRET = "feishu-secret", "SECdingtalk"
Answer = tuple[int, Any]


@dataclass
class Asked:
    """One request as it came. `query` and `form` by name; `body` as JSON."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.raw.decode()).items()}

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Providers:
    """`url`: where all of them are. `tokens`: Salesforce's that are still valid."""

    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    mails: dict[str, str] = field(default_factory=dict)  # idempotency key → id

    def last(self) -> Asked:
        return self.requests[-1]


def woocommerce(asked: Asked, _: Providers) -> Answer:
    if asked.headers.get("authorization") != f"Basic {BASIC}":
        return 401, {"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {}}
    if asked.query != {"include": "727", "customer": "26"}:
        return 200, []
    line = {"id": 315, "name": "Woo Album", "quantity": 1, "total": "9.00"}
    order = {"id": 727, "number": "727", "status": "processing", "currency": "USD"}
    return 200, [{**order, "date_created": "2026-11-22T16:28:02", "total": "29.35",
                  "customer_id": 26, "line_items": [line]}]  # fmt: skip


def kuaidi100(asked: Asked, _: Providers) -> Answer:
    form = asked.form
    text = form["param"] + KUAIDI_KEY + KUAIDI_CUSTOMER
    if form["customer"] != KUAIDI_CUSTOMER or form["sign"] != hashlib.md5(text.encode()).hexdigest().upper():  # fmt: skip
        return 200, {"result": False, "returnCode": "503", "message": "验证签名失败"}
    param = json.loads(form["param"])
    if param["num"] != "YT8836201457790" or param["com"] != "yuantong":
        message = "查询无结果，请隔段时间再查"
        return 200, {"result": False, "returnCode": "500", "message": message}
    scans = [{"time": "2026-11-24 09:12:00", "ftime": "2026-11-24 09:12:00",
              "context": "【杭州市】快件已到达杭州转运中心"}]  # fmt: skip
    return 200, {"message": "ok", "nu": param["num"], "ischeck": "0", "com": "yuantong",
                 "status": "200", "state": "0", "condition": "00", "data": scans}  # fmt: skip


def kuaidi_detect(asked: Asked, _: Providers) -> Answer:
    if asked.query.get("key") != KUAIDI_KEY or not asked.query["num"].startswith("YT"):
        return 200, []
    return 200, [{"comCode": "yuantong", "lengthPre": 15, "noCount": 99, "noPre": "YT8836"}]


def sap(asked: Asked, _: Providers) -> Answer:
    if asked.headers.get("authorization") != f"Basic {BASIC}":
        return 401, None
    assert asked.query["$format"] == "json"
    wanted = "SalesOrder eq '1000013602' and SoldToParty eq '1000000067'"
    if asked.query["$filter"] != wanted:
        return 200, {"d": {"__count": "0", "results": []}}
    names = asked.query["$select"].split(",")
    order = {
        "SalesOrder": "1000013602", "OverallSDProcessStatus": "B", "OverallDeliveryStatus": "A",
        "TotalNetAmount": "105.50", "TransactionCurrency": "EUR",
    }  # fmt: skip
    found = {"__metadata": {"type": "API_SALES_ORDER_SRV.A_SalesOrderType"}}
    return 200, {"d": {"__count": "1", "results": [{**found, **{n: order[n] for n in names}}]}}


def salesforce_token(asked: Asked, providers: Providers) -> Answer:
    form = asked.form
    wanted = {"grant_type": "client_credentials", "client_id": "desk", "client_secret": "hidden"}
    if form != wanted:
        return 400, {"error": "invalid_client", "error_description": "invalid client credentials"}
    providers.tokens[:] = [f"00D-{secrets.token_hex(4)}"]
    return 200, {"access_token": providers.tokens[0], "instance_url": providers.url,
                 "token_type": "Bearer", "issued_at": "1764489600000"}  # fmt: skip


def salesforce(asked: Asked, providers: Providers) -> Answer:
    if asked.headers.get("authorization") not in [f"Bearer {one}" for one in providers.tokens]:
        return 401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    if asked.method == "PATCH" and "/sobjects/Case/Desk_Action__c/" in asked.path:
        same = [one for one in providers.requests if one.path == asked.path and one is not asked]
        body = {"id": "500D000000IqhSL", "success": True, "errors": [], "created": not same}
        return (200 if same else 201), body
    if asked.path.endswith("/sobjects/Contact/Customer_Number__c/26"):
        return 200, {"attributes": {"type": "Contact"}, "Id": "003D", "Name": "Mei Li",
                     "Email": "mei@example.com", "MailingCity": "Hangzhou"}  # fmt: skip
    missing = "The requested resource does not exist"
    return 404, [{"errorCode": "NOT_FOUND", "message": missing}]


def resend(asked: Asked, providers: Providers) -> Answer:
    if asked.headers.get("authorization") != f"Bearer {BEARER}":
        message = "API key is invalid"
        return 401, {"statusCode": 401, "name": "validation_error", "message": message}
    body, key = asked.body, asked.headers["idempotency-key"]
    if set(body) != {"from", "to", "subject", "text"} or not isinstance(body["to"], list):
        return 422, {"statusCode": 422, "name": "validation_error", "message": "Invalid field."}
    return 200, {"id": providers.mails.setdefault(key, f"49a3999c-{len(providers.mails)}")}


def vonage(asked: Asked, _: Providers) -> Answer:
    if asked.headers.get("authorization") != f"Basic {BASIC}":
        detail = "You did not provide correct credentials."
        return 401, {"type": "https://developer.vonage.com/api-errors", "title": "Unauthorized",
                     "detail": detail, "instance": "bf0ca0bf"}  # fmt: skip
    body = asked.body
    wanted = {"channel": "sms", "message_type": "text", "from": "SightDesk"}
    if wanted.items() > body.items() or not re.fullmatch(r"[1-9]\d{6,14}", body["to"]):
        return 422, {"title": "Unprocessable entity", "detail": "invalid"}
    return 202, {"message_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}


def wecom(asked: Asked, _: Providers) -> Answer:
    if asked.query != {"key": BEARER}:
        return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
    assert asked.body["msgtype"] == "text"
    assert set(asked.body["text"]) == {"content"}
    return 200, {"errcode": 0, "errmsg": "ok"}


def feishu(asked: Asked, _: Providers) -> Answer:
    body = asked.body
    if body["sign"] != signed(f"{body['timestamp']}\n{FEISHU_SECRET}", ""):
        return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}
    assert body["msg_type"] == "text"
    return 200, {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {},
                 "msg": "success"}  # fmt: skip


def dingtalk(asked: Asked, _: Providers) -> Answer:
    now = asked.query["timestamp"]
    if asked.query["sign"] != signed(DINGTALK_SECRET, f"{now}\n{DINGTALK_SECRET}"):
        return 200, {"errcode": 310000, "errmsg": "sign not match"}
    assert asked.query["access_token"] == BEARER
    assert asked.body["msgtype"] == "text"
    return 200, {"errcode": 0, "errmsg": "ok"}


def signed(key: str, text: str) -> str:
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def slack(asked: Asked, _: Providers) -> Answer:
    if asked.headers.get("authorization") != f"Bearer {BEARER}":
        return 200, {"ok": False, "error": "invalid_auth"}
    body = asked.body
    if body["channel"] != "C123456":
        return 200, {"ok": False, "error": "channel_not_found"}
    assert body["text"]
    assert body["blocks"][0]["text"]["type"] == "plain_text"
    return 200, {"ok": True, "channel": "C123456", "ts": "1503435956.000247", "message": {}}


def zendesk(asked: Asked, _: Providers) -> Answer:
    if asked.headers.get("authorization") != f"Basic {BASIC}":
        return 401, {"error": "Couldn't authenticate you"}
    ticket = asked.body["ticket"]
    assert ticket["comment"]["body"]
    assert set(ticket["requester"]) == {"name", "email"}
    assert ticket["external_id"] == asked.headers["idempotency-key"]
    return 201, {"ticket": {"id": 35436, "status": "new", "subject": ticket["subject"]}}


def postgrest(asked: Asked, _: Providers) -> Answer:
    assert asked.headers["accept"] == "application/vnd.pgrst.object+json"
    assert asked.query["select"] == "product,ends_on"
    if (asked.query["serial"], asked.query["customer"]) != ("eq.QH-7788", "eq.26"):
        message = "Cannot coerce the result to a single JSON object"
        details = "The result contains 0 rows"
        return 406, {"code": "PGRST116", "details": details, "hint": None, "message": message}
    return 200, {"product": "Kettle 1.7 l", "ends_on": "2028-05-31"}


ROUTES: tuple[tuple[str, str, Callable[[Asked, Providers], Answer]], ...] = (
    ("GET", r"/wp-json/wc/v3/orders", woocommerce),
    ("POST", r"/poll/query\.do", kuaidi100),
    ("GET", r"/autonumber/auto", kuaidi_detect),
    ("GET", r"/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder", sap),
    ("POST", r"/services/oauth2/token", salesforce_token),
    ("GET|PATCH", r"/services/data/v63\.0/sobjects/.+", salesforce),
    ("POST", r"/emails", resend),
    ("POST", r"/v1/messages", vonage),
    ("POST", r"/cgi-bin/webhook/send", wecom),
    ("POST", r"/open-apis/bot/v2/hook/bot-1", feishu),
    ("POST", r"/robot/send", dingtalk),
    ("POST", r"/api/chat\.postMessage", slack),
    ("POST", r"/api/v2/tickets\.json", zendesk),
    ("GET", r"/warranties", postgrest),
)


@contextlib.contextmanager
def running_providers() -> Iterator[Providers]:
    providers = Providers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            raw = self.rfile.read(int(headers.get("content-length", 0)))
            asked = Asked(self.command, unquote(address.path), query, headers, raw)
            providers.requests.append(asked)
            status, body = 404, None
            for method, path, answer in ROUTES:
                if re.fullmatch(method, self.command) and re.fullmatch(path, asked.path):
                    try:
                        status, body = answer(asked, providers)
                    except (AssertionError, KeyError, ValueError) as wrong:
                        status, body = 400, {"message": f"not as documented: {wrong!r}"}
            self._send(status, body, object_type="vnd.pgrst.object" in headers.get("accept", ""))

        def _send(self, status: int, body: Any, *, object_type: bool) -> None:
            data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
            kind = "application/json; charset=utf-8"
            if object_type and status == 200:
                kind = "application/vnd.pgrst.object+json; charset=utf-8"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with serving(Handler) as url:
        providers.url = url
        yield providers
