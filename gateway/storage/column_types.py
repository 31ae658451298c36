"""Column types whose values every database stores: without NUL (PostgreSQL) and lone surrogates (UTF-8)."""

from typing import Any

import orjson
from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from gateway.privacy.storable import storable

NUL = "\\u0000"  # as JSON spells it


class StorableString(TypeDecorator[str]):
    """A string column. Values are made storable as they are bound, in statements and conditions
    alike.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class StorableText(StorableString):
    impl = Text
    cache_ok = True


def storable_json(value: Any) -> str:
    """`value` as JSON text. Raises TypeError for what JSON does not know."""
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
