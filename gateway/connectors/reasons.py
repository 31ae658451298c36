"""Why a call failed, in the words of its caller's language: for answers and for actions."""

from collections.abc import Mapping

REASONS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "refused": "对方系统没有受理",
        "not_found": "没有查到记录",
        "unreachable": "暂时连不上该系统",
        "circuit_open": "该系统刚才多次没有回应，暂停查询",
        "invalid": "提供的信息不符合要求",
        "timeout": "该系统没有及时回应",
        "broken": "与该系统的连接中断",
        "server_error": "该系统内部出错",
        "nonsense": "该系统的回复无法理解",
        "too_large": "该系统的回复太大",
    },
    "en": {
        "refused": "the system did not accept the request",
        "not_found": "nothing was found",
        "unreachable": "the system cannot be reached",
        "circuit_open": "the system has failed several times and is left alone for a moment",
        "invalid": "what was given does not have the right form",
        "timeout": "the system did not answer in time",
        "broken": "the connection to the system broke",
        "server_error": "the system has an error of its own",
        "nonsense": "the system's answer could not be understood",
        "too_large": "the system's answer is too large",
    },
}
WITH_WORDS = frozenset(("refused", "invalid"))  # kinds whose reason the system itself worded
