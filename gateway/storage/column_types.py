"""Column types that take any string: characters that a database refuses are replaced.

PostgreSQL refuses NUL; UTF-8 has no lone surrogates.
"""

from typing import Any

import orjson
from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from gateway.privacy.storable import storable

NUL = "\\u0000"  # as JSON spells it


class StorableString(TypeDecorator[str]):
    """A string column. Replaces such characters in statements and in conditions alike."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class StorableText(StorableString):
    impl = Text
    cache_ok = True


def storable_json(value: Any) -> str:
    """`value` as JSON text, without such characters. Raises TypeError where JSON has no form."""
    try:
        told = orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate, or a key that is no string
        told = NUL
    return orjson.dumps(_cleaned(value)).decode() if NUL in told else told


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): _cleaned(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return value
