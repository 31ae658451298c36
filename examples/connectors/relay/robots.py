"""Group robots of Feishu and DingTalk, with the signature that their settings offer.

FEISHU_HOOK, FEISHU_SECRET: the bot's whole address, and its secret. DINGTALK_HOOK, DINGTALK_SECRET:
the same of DingTalk, the address with its access_token.
"""

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode

from examples.connectors.relay.upstream import Refused, send, setting


def tell_feishu(text: str) -> None:
    """The key of the signature is time and secret; nothing is signed. Raises Refused, Failed."""
    now = str(int(time.time()))
    sign = _hmac(f"{now}\n{setting('FEISHU_SECRET')}", "")
    body = {"timestamp": now, "sign": sign, "msg_type": "text", "content": {"text": _plain(text)}}
    _check(send("POST", setting("FEISHU_HOOK"), json_body=body)[1], "code", "msg")


def tell_dingtalk(text: str) -> None:
    """The signature stands in the address, with milliseconds. Raises Refused, Failed."""
    now, secret = str(int(time.time() * 1000)), setting("DINGTALK_SECRET")
    query = urlencode({"timestamp": now, "sign": _hmac(secret, f"{now}\n{secret}")})
    body = {"msgtype": "text", "text": {"content": text}, "at": {"isAtAll": False}}
    answer = send("POST", f"{setting('DINGTALK_HOOK')}&{query}", json_body=body)[1]
    _check(answer, "errcode", "errmsg")


def _hmac(key: str, text: str) -> str:
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _plain(text: str) -> str:
    """Without Feishu's mark-up, by which a customer's words could mention everybody."""
    return text.replace("<", "＜").replace(">", "＞")


def _check(answer: Any, code: str, words: str) -> None:
    """Both providers tell a refusal with HTTP 200 and a code other than 0."""
    told = answer if isinstance(answer, dict) else {}
    if told.get(code) != 0:
        raise Refused(str(told.get(words) or "the robot refused"))
