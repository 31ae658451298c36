"""Arguments of actions with personal data hidden, as they are stored once nothing is sent."""

from collections.abc import Mapping
from typing import Any

from gateway.privacy.masked_json import masked_json


def restored(edited: Any, was: Any, shown: Any) -> Any:
    """`edited`, with each part that equals what was `shown` as it `was`: what a person has seen
    masked and sends back is no change."""
    if edited == shown:
        return was
    if isinstance(edited, Mapping) and isinstance(was, Mapping) and isinstance(shown, Mapping):
        return {
            name: restored(one, was[name], shown[name]) if name in was and name in shown else one
            for name, one in edited.items()
        }
    if isinstance(edited, list) and isinstance(was, list) and isinstance(shown, list):
        known = list(zip(was, shown, strict=True))
        return [
            restored(one, *known[at]) if at < len(known) else one for at, one in enumerate(edited)
        ]
    return edited


def masked_arguments(
    values: Mapping[str, Any] | None, field_of: Mapping[str, str]
) -> dict[str, Any]:
    """`field_of`: property → the reading's field: an order number stays, whatever it looks like."""
    return {
        name: masked_json(one, field_of.get(name, name)) for name, one in (values or {}).items()
    }
