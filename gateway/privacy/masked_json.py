"""JSON with personal data hidden in its texts, as it may be stored."""

from collections.abc import Mapping
from typing import Any

from gateway.privacy.redaction import mask, mask_value


def masked_json(value: Any, name: str = "") -> Any:
    """`name`: the key of `value`; what is called an order or waybill number stays, whatever it
    looks like."""
    if isinstance(value, str):
        return mask_value(name, value) if name else mask(value)
    if isinstance(value, Mapping):
        return {key: masked_json(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked_json(one, name) for one in value]
    return value
