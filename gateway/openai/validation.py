"""What all parts of a request have in common: exact types, null as not given, faults with their details."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.errors import GatewayError, InvalidRequest, UnsupportedParameter

MAX_NAMED = 200  # characters of a client's own parameter name that an error repeats
# What Pydantic calls a bound, and the size of what crossed it.
BOUNDS = dict.fromkeys(("max_length", "min_length", "le", "ge", "lt", "gt"), "limit") | {
    "actual_length": "size"
}
OBJECT_TYPES = ("model_type", "model_attributes_type", "dict_type")


def as_given(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def at_most_bytes(bound: int, what: str) -> AfterValidator:
    def check(value: Any) -> Any:
        try:
            size = len(orjson.dumps(value, default=as_given))
        except orjson.JSONEncodeError as error:  # nested too deep, or a number of more than 64 bits
            raise ValueError(f"{what} cannot be passed on: {error}") from None
        if size > bound:
            raise fault(
                f"{what} has {size} bytes; at most {bound} are taken", limit=bound, size=size
            )
        return value

    return AfterValidator(check)


def fault(message: str, name: str = "", **details: Any) -> PydanticCustomError:
    """What a validator raises. `name` is the field at fault below the model that is validated; `details` are the error's."""
    # The message is no template: a client's own name may stand in it, braces included.
    return PydanticCustomError(
        "fault", "{message}", {"message": message, "name": name, "details": details}
    )


def error_of(found: Mapping[str, Any], steps: list[str]) -> GatewayError:
    """One of Pydantic's errors as ours. `steps` lead to the field at fault."""
    told = found.get("ctx", {})
    where = ".".join([*steps, *filter(None, (told.get("name"),))])[:MAX_NAMED]
    details = {"name": where} if where else {}
    if found["type"] == "unknown":
        return UnsupportedParameter(
            f"{where} is not a parameter that is taken here.", param=where, details=details
        )
    details |= told.get("details", {})
    details |= {name: told[key] for key, name in BOUNDS.items() if key in told}
    message = (
        "Input should be an object"
        if found["type"] in OBJECT_TYPES
        else found["msg"].removeprefix("Value error, ")
    )
    return InvalidRequest(
        f"{where}: {message}" if where else message, param=where or None, details=details
    )


class LenientModel(BaseModel):
    """Unknown keys are dropped, never passed on: SDKs send back what they received (`refusal`, `annotations`). No guessing of
    types: "5" is no number and 1 is not true."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class StrictModel(LenientModel):
    """Nothing beyond what is listed. What is null was not given, whatever its name."""

    # Pydantic's own `extra="forbid"` makes an error of each unknown name; of a million that takes a second.
    @model_validator(mode="wrap")
    @classmethod
    def listed(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, dict):
            return handler(value)
        given = (
            {name: item for name, item in value.items() if item is not None}
            if None in value.values()
            else value
        )
        made = handler(given)
        if not given.keys() <= cls.names():
            unknown = next(name for name in given if name not in cls.names())
            raise PydanticCustomError("unknown", "{name} is unknown", {"name": unknown})
        return made

    @classmethod
    @cache
    def names(cls) -> frozenset[str]:
        return frozenset(field.alias or name for name, field in cls.model_fields.items())
