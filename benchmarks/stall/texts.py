"""Hostile text: very long, unusual, or slow for backtracking patterns."""

import json
from functools import partial

from benchmarks.stall.attack import Attack, Request, chat, raw, sends

MIB = 1024 * 1024
BOUND = 262_144 - 64  # characters of one question: just below 8 × MAX_MODEL_LEN
LARGE = 60 * MIB
STORED = 200_000  # characters of a question that is stored even if the engine refuses it
ASKED = 60_000  # characters of a question that fits the context
KEYS = 99_000


def attacks() -> list[Attack]:
    return [*long_bodies(), *odd_bodies(), *slow_patterns(), *elsewhere()]


def long_bodies() -> list[Attack]:
    return [
        sends("text", "60 MB of Chinese", lambda: [chat("退" * (LARGE // 3))]),
        sends("text", "60 MB of words", lambda: [chat("how " * (LARGE // 4))]),
        sends("text", "60 MB of two scripts", lambda: [chat("退a" * (LARGE // 4))]),
        sends("text", "30 MB of escapes", lambda: [raw(_asking(b"\\u4e2d" * (LARGE // 12)))]),
        sends("text", "at the bound, six at once", lambda: [chat("退" * BOUND) for _ in range(6)]),
        sends("text", "200 messages at the bound", lambda: [chat(_turns(200, BOUND // 200))]),
        sends("text", "200 × 256 parts", lambda: [chat(_parts(200, 256))]),
        sends(
            "text",
            "words that look like base64, 30 MB",
            lambda: [chat(";base64," + "A" * (LARGE // 2))],
        ),
        sends(
            "text",
            "thousands of short data URLs in words",
            lambda: [chat('";base64,' * (BOUND // 9))],
        ),
        sends(
            "text", "the page's question at the bound", lambda: [chat("退" * BOUND, "/api/chat")]
        ),
    ]


def odd_bodies() -> list[Attack]:
    return [
        sends(
            "text",
            "5 million brackets",
            lambda: [raw(b'{"model":"sightdesk","messages":' + b"[" * 5_000_000)],
        ),
        sends("text", "objects nested 99,000 deep", lambda: [raw(_nested())]),
        sends(
            "text",
            "a number of 30 million digits",
            lambda: [raw(_asking(b"hi", b'"seed":' + b"9" * (LARGE // 2)))],
        ),
        sends("text", "99,000 unknown keys", lambda: [raw(_asking(b"hi", _keys()))]),
        sends(
            "text", "a million commas", lambda: [raw(b'{"messages":[' + b"1," * 1_000_000 + b"1]}")]
        ),
        sends(
            "text",
            "half surrogates and NUL",
            lambda: [raw(_asking(b"\\ud800\\u0000" * 1000), "/api/chat")],
        ),
    ]


def slow_patterns() -> list[Attack]:
    units = {
        "labels before spaces": "status" + " " * 20_000 + "~",
        "order labels": "order" + " " * 33 + "~13800138000~",
        "spaced labels": "银 行 卡 号 ",
        "digits": "1",
        "groups of digits": "4111 ",
        "letters before an @": "a",
        "dots after an @": "a@a.",
        "dashes": "1-",
        "open comments": "<!--",
        "brackets": "[",
        "codes": "a-a_",
    }
    found = []
    for name, unit in units.items():
        text, stored = filled(unit, ASKED), filled(unit, STORED)
        turns = [
            {"role": "user", "content": text},
            {"role": "assistant", "content": "ok"},
            {"role": "user", "content": "what is the status?"},
        ]
        asked = [
            chat(turns),
            chat(stored, "/api/chat"),
            chat(text, response_format={"type": "json_object"}),
        ]
        found.append(sends("text", f"{name}: asked, stored, as JSON", partial(list, asked)))
    return found


def filled(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def elsewhere() -> list[Attack]:
    long_name = "=?utf-8?B?" + "QUFB" * 20_000
    return [
        sends(
            "text",
            "16 KB in each header",
            lambda: [_listing({f"x-{n}": "a" * 16_000}) for n in range(20)],
        ),
        sends(
            "text",
            "cookies of 30 KB",
            lambda: [_listing({"cookie": "a=b; " * 6_000}) for _ in range(20)],
        ),
        sends("text", "file names of 80 KB", lambda: [_named(long_name) for _ in range(5)]),
        sends("text", "feedback of 200 KB", lambda: [_feedback("a@" * 100_000) for _ in range(10)]),
    ]


def _listing(headers: dict[str, str]) -> Request:
    return Request("/v1/models", method="GET", headers=headers)


def _named(name: str) -> Request:
    from benchmarks.stall.attack import upload

    return upload(b"no picture", name)


def _feedback(reason: str) -> Request:
    return raw(
        json.dumps({"answer": "answer-1", "rating": "up", "reason": reason}).encode(),
        "/api/feedback",
    )


def _asking(content: bytes, more: bytes = b'"stream":false') -> bytes:
    return (
        b'{"model":"sightdesk",'
        + more
        + b',"messages":[{"role":"user","content":"'
        + content
        + b'"}]}'
    )


def _turns(count: int, characters: int) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [
        {"role": roles[number % 2], "content": "退" * characters} for number in range(count - 1)
    ] + [{"role": "user", "content": "hi"}]


def _parts(messages: int, parts: int) -> list[dict[str, object]]:
    return [
        {"role": "user", "content": [{"type": "text", "text": "退" * 5}] * parts}
        for _ in range(messages)
    ]


def _nested() -> bytes:
    return _asking(b"hi", b'"metadata":' + b'{"a":' * KEYS + b"1" + b"}" * KEYS)


def _keys() -> bytes:
    return b",".join(b'"k%x":1' % number for number in range(KEYS))
