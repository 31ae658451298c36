"""Settings from the environment: the base of every settings class in `inference/`."""

from typing import Any, Literal, Self, get_args, get_origin

from pydantic import SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from inference.faults import Fault


class EnvironmentSettings(BaseSettings):
    """Each field is read from the variable of its name in capitals. Blank means the default."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_default(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        return value.strip() or cls.model_fields[str(info.field_name)].default

    @classmethod
    def read(cls) -> Self:
        """The settings. Raises Fault with each wrong one's name, value and what is expected."""
        try:
            return cls()
        except ValidationError as error:
            raise Fault("; ".join(_line(cls, detail) for detail in error.errors())) from None


def _line(settings: type[BaseSettings], detail: Any) -> str:
    name = str(detail["loc"][0])
    field = settings.model_fields[name]
    if detail["type"] == "value_error":
        return f"{name.upper()}: {detail['ctx']['error']}"
    value = "(hidden)" if field.annotation is SecretStr else repr(detail["input"])
    return f"{name.upper()}={value}: expected {_expected(field)}"


def _expected(field: FieldInfo) -> str:
    """What a field takes, from its type and bounds: "a whole number from 1 to 65535"."""
    kinds = (field.annotation, *get_args(field.annotation))
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(get_args(field.annotation))}"
    bounds = {
        name: getattr(rule, name)
        for rule in field.metadata
        for name in ("ge", "gt", "le")
        if getattr(rule, name, None) is not None
    }
    kind = "a whole number" if int in kinds else "a number"
    if "gt" in bounds:
        return f"{kind} above {bounds['gt']:g}"
    return f"{kind} from {_plain(bounds['ge'])} to {_plain(bounds['le'])}"


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
