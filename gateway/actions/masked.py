"""Arguments of actions with personal data hidden, as they are stored once nothing is sent."""

from collections.abc import Mapping
from typing import Any

from gateway.privacy.masked_json import masked_json


def masked_arguments(
    values: Mapping[str, Any] | None, field_of: Mapping[str, str]
) -> dict[str, Any]:
    """`field_of`: property → the reading's field: an order number stays, whatever it looks like."""
    return {
        name: masked_json(one, field_of.get(name, name)) for name, one in (values or {}).items()
    }
