"""What all models of requests share: exact types, null as "not given", and errors with details."""

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
# Names of a bound, and of the size that crossed it, in Pydantic's errors.
BOUNDS = dict.fromkeys(("max_length", "min_length", "le", "ge", "lt", "gt"), "limit") | {
    "actual_length": "size"
}
OBJECT_TYPES = ("model_type", "model_attributes_type", "dict_type")


class LenientModel(BaseModel):
    """Drops unknown keys, which SDKs send back as they received them (`refusal`, `annotations`).
    Types are exact: "5" is no number, and 1 is not true."""

    # Logs hold no text of a conversation, so errors may not repeat it.
    model_config = ConfigDict(
        extra="ignore", strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class StrictModel(LenientModel):
    """Refuses unknown keys, except those that are null: null means "not given"."""

    # Pydantic's own `extra="forbid"` makes an error of each unknown name; a million take a second.
    @model_validator(mode="wrap")
    @classmethod
    def refuse_unknown(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, dict):
            return handler(value)
        given = (
            {name: item for name, item in value.items() if item is not None}
            if None in value.values()
            else value
        )
        model = handler(given)
        if not given.keys() <= cls.names():
            unknown = next(name for name in given if name not in cls.names())
            raise PydanticCustomError("unknown", "{name} is unknown", {"name": unknown})
        return model

    @classmethod
    @cache
    def names(cls) -> frozenset[str]:
        return frozenset(field.alias or name for name, field in cls.model_fields.items())


def as_given(model: BaseModel) -> dict[str, Any]:
    """The model as JSON, without defaults that the client did not send."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def at_most_bytes(limit: int, name: str) -> AfterValidator:
    """Bounds the size of a value as JSON. `name` is the parameter's in the error."""

    def check(value: Any) -> Any:
        try:
            size = len(orjson.dumps(value, default=as_given))
        except orjson.JSONEncodeError as error:  # nested too deep, or a number of more than 64 bits
            raise ValueError(f"{name} cannot be passed on: {error}") from None
        if size > limit:
            raise validation_fault(
                f"{name} has {size} bytes; at most {limit} are taken", limit=limit, size=size
            )
        return value

    return AfterValidator(check)


def validation_fault(message: str, name: str = "", **details: Any) -> PydanticCustomError:
    """The error that a validator raises. `name` leads from the validated model to the field at
    fault; `details` become the response's."""
    # The message is no template: it may contain a client's own name, braces included.
    return PydanticCustomError(
        "fault", "{message}", {"message": message, "name": name, "details": details}
    )


def error_of(found: Mapping[str, Any], steps: list[str]) -> GatewayError:
    """One of Pydantic's errors as a GatewayError. `steps` lead to the field at fault."""
    context = found.get("ctx", {})
    name = ".".join([*steps, *filter(None, (context.get("name"),))])[:MAX_NAMED]
    details = {"name": name} if name else {}
    if found["type"] == "unknown":
        return UnsupportedParameter(
            f"{name} is not a parameter that is taken here.", param=name, details=details
        )
    details |= context.get("details", {})
    details |= {bound: context[key] for key, bound in BOUNDS.items() if key in context}
    message = (
        "Input should be an object"
        if found["type"] in OBJECT_TYPES
        else found["msg"].removeprefix("Value error, ")
    )
    return InvalidRequest(
        f"{name}: {message}" if name else message, param=name or None, details=details
    )
