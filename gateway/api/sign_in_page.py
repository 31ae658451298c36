"""The pages that a person sees of single sign-on: what went wrong, and that they are signed out."""

from html import escape
from http import HTTPStatus
from typing import Literal

from starlette.responses import HTMLResponse

from gateway.api.static_page import POLICY
from gateway.auth.origins import SELF

Message = Literal["down", "refused", "wrong", "not_begun", "store", "signed_out"]
TEXTS: dict[str, dict[Message, tuple[str, str]]] = {
    "zh-CN": {
        "down": ("暂时无法登录", "登录服务没有响应。请稍后再试；如果一直这样，请联系管理员。"),
        "refused": ("未能登录", "登录服务没有批准这次登录。如果您应当有权使用，请联系管理员。"),
        "wrong": ("未能登录", "登录服务发来的信息无法通过检验，因此没有登录。请联系管理员。"),
        "not_begun": ("登录已失效", "这次登录用时太长，或者是在另一个浏览器里开始的。请重新登录。"),
        "store": ("暂时无法登录", "数据库没有响应，登录状态无法保存。请稍后再试。"),
        "signed_out": ("已退出登录", "您已退出。"),
    },
    "en": {
        "down": (
            "Signing in is not possible now",
            "The sign-in service does not answer. Try again later; if it stays so, tell your "
            "administrator.",
        ),
        "refused": (
            "You are not signed in",
            "The sign-in service did not sign you in. If you should have access, ask your "
            "administrator.",
        ),
        "wrong": (
            "You are not signed in",
            "What the sign-in service sent could not be verified. Tell your administrator.",
        ),
        "not_begun": (
            "This sign-in is no longer valid",
            "It took too long, or it began in another browser. Sign in again.",
        ),
        "store": (
            "Signing in is not possible now",
            "The database does not answer, so the sign-in cannot be kept. Try again later.",
        ),
        "signed_out": ("You are signed out", "You have left the desk."),
    },
}
LINKS = {
    "zh-CN": ("重新登录", "使用密码登录"),
    "en": ("Sign in", "Sign in with a password"),
}
RETRY_SECONDS = 5
HEADERS = {
    "content-security-policy": POLICY + SELF,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def sign_in_page(
    message: Message, languages: str, status: int, *, has_password: bool
) -> HTMLResponse:
    """`languages`: the request's Accept-Language. `has_password`: whether Basic Auth is on."""
    language = language_of(languages)
    title, text = TEXTS[language][message]
    again, password = LINKS[language]
    links = [f'<a class="button" href="/auth/login">{escape(again)}</a>']
    if has_password:
        links.append(f'<a href="/password">{escape(password)}</a>')
    markup = (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)} · SightDesk</title>\n"
        '<link rel="icon" href="/assets/img/icon.svg" type="image/svg+xml">\n'
        '<link rel="stylesheet" href="/assets/css/sign-in.css">\n</head>\n<body>\n<main>\n'
        f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>\n<p>{' '.join(links)}</p>\n"
        "</main>\n</body>\n</html>\n"
    )
    retry = {"retry-after": str(RETRY_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return HTMLResponse(markup, status, headers=HEADERS | retry)


def language_of(languages: str) -> str:
    """Chinese, unless English stands before it in Accept-Language."""
    first = next(
        (one for part in languages.split(",") if (one := part.strip().lower()[:2]) in ("zh", "en")),
        "zh",
    )
    return "en" if first == "en" else "zh-CN"
