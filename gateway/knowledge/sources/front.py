"""What a file says of itself: title, effective, expires, audience. Front matter of text, <meta> of
HTML and columns of sheets have the same names."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

from gateway.knowledge.clauses import CUSTOMER, STAFF
from gateway.knowledge.sources.document import Front

MAX_VALUE_CHARS = 200
NAMES = {
    "title": "title",
    "标题": "title",
    "effective": "effective",
    "effective date": "effective",
    "生效": "effective",
    "生效日期": "effective",
    "生效时间": "effective",
    "expires": "expires",
    "expiry date": "expires",
    "失效": "expires",
    "失效日期": "expires",
    "失效时间": "expires",
    "有效期至": "expires",
    "audience": "audience",
    "受众": "audience",
    "可见范围": "audience",
}
AUDIENCES = {
    "customer": CUSTOMER,
    "customers": CUSTOMER,
    "客户": CUSTOMER,
    "顾客": CUSTOMER,
    "staff": STAFF,
    "员工": STAFF,
    "内部": STAFF,
}
DAY = re.compile(
    r"([0-9]{4})\s?[-/.年]\s?([0-9]{1,2})\s?[-/.月]\s?([0-9]{1,2})\s?日?(?:[T ][0-9:.Z+-]{1,30})?"
)


def plain(text: str) -> str:
    """A name or value without what does not distinguish it: NFKC, lower case, one space."""
    return " ".join(unicodedata.normalize("NFKC", text[:MAX_VALUE_CHARS]).lower().split())


def day_of(value: str | date) -> date | None:
    """The day of 2026-05-01, 2026/5/1, 2026.5.1, 2026年5月1日, of a date or a time; None for
    anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = DAY.fullmatch(unicodedata.normalize("NFKC", value[:MAX_VALUE_CHARS]).strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def declared(values: Iterable[tuple[str, str | date, str]]) -> tuple[Front, list[str]]:
    """(what the (name, value, place) triples declare, problems). Unknown names are left out.

    An empty or unknown audience is staff, and staff wins over customer: what was meant for few is
    not shown to all. With a date that cannot be read the front `is_wrong`.
    """
    made: dict[str, str] = {}
    days: dict[str, date] = {}
    problems: list[str] = []
    is_wrong = False
    for name, value, place in values:
        known = NAMES.get(plain(name))
        said = str(value).strip()
        if known == "title":
            made["title"] = said[:MAX_VALUE_CHARS] or made.get("title", "")
        elif known == "audience":
            if made.get("audience") != STAFF:
                made["audience"] = AUDIENCES.get(plain(said), STAFF)
            if plain(said) not in AUDIENCES:
                problems.append(
                    f"{place}: audience is {said[:40]!r}, neither customer nor staff; it counts as "
                    "staff"
                )
        elif known and said:
            day = day_of(value)
            if day is not None:
                days[known] = day
            else:
                is_wrong = True
                problems.append(
                    f"{place}: {known} is {said[:40]!r}, no date such as 2026-05-01; what it is "
                    "for is not used"
                )
    effective, expires = days.get("effective"), days.get("expires")
    if effective and expires and expires < effective:
        problems.append(f"expires {expires} is before effective {effective}")
    audience = made.get("audience", CUSTOMER)
    return Front(made.get("title", ""), effective, expires, audience, is_wrong), problems
