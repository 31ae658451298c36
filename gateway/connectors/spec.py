"""A connector's file as it is written. Unknown keys are refused."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
NAME_FORM = r"^[a-z][a-z0-9_]{0,63}$"
DURATION = re.compile(r"([0-9]{1,6})\s{0,2}(s|m|h|d)")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LEAST_SECONDS, MOST_SECONDS = 1, 7 * 86_400
Language = Literal["zh", "en"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


def _texts(value: Any) -> Any:
    """One text stands for both languages."""
    return {"zh": value, "en": value} if isinstance(value, str) else value


def _seconds(value: Any) -> Any:
    match = DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = int(match[1]) * UNITS[match[2]] if match else value
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise ValueError("must be a time such as 90s, 15m, 2h or 1d")
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise ValueError("must be between 1s and 7d")
    return float(seconds)


Text = Annotated[str, Field(min_length=1, max_length=4000)]
Texts = Annotated[dict[Language, Text], Field(min_length=1, max_length=2), BeforeValidator(_texts)]
Seconds = Annotated[float, BeforeValidator(_seconds)]
ToolName = Annotated[str, Field(pattern=NAME_FORM)]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RequestSpec(Spec):
    method: Method = "GET"
    url: Text
    headers: dict[str, str] = {}
    query: dict[str, str | int | float | bool] = {}
    json_: Any = Field(None, alias="json")


class ConfirmSpec(Spec):
    by: Literal["customer", "staff"] = "customer"
    expires: Seconds | None = None


class CurrentSpec(Spec):
    """A read that tells the values before a change. `arguments`: of the read, as templates;
    `values`: property of the write → name in the read's result."""

    connector: ToolName
    arguments: dict[str, str] | None = None
    values: dict[str, str] | None = None


class NotifySpec(Spec):
    """`arguments`: Jinja, by property of the other connector. `on`: ends that send it."""

    connector: ToolName
    arguments: dict[str, Texts]
    on: list[Literal["done", "failed", "unknown"]] = ["done"]


class HealthSpec(Spec):
    """What is fetched to see whether the system works."""

    path: str = Field(pattern=r"^/")


class BehaviourSpec(Spec):
    """What a file, or one operation of it, says about a tool."""

    title: Texts | None = None
    description: Texts | None = None
    result: dict[str, str] | None = None
    say: Texts | None = None
    confirm: ConfirmSpec | None = None
    idempotency: Literal["key", "none"] | None = None
    current: CurrentSpec | None = None
    notify: NotifySpec | None = None
    timeout: float | None = Field(None, gt=0, le=120)
    retries: int | None = Field(None, ge=0, le=7)


class OperationSpec(BehaviourSpec):
    """`id`: the operation's or tool's own name. `fields`: property → the reading's field.
    `fixed`: properties that the model does not see, as templates."""

    id: str = Field(min_length=1, max_length=200)
    name: ToolName | None = None
    fields: dict[str, str] = {}
    fixed: dict[str, str] = {}
    secret: list[str] = []


def _operations(value: Any) -> Any:
    """A name alone stands for an operation without anything else said."""
    if not isinstance(value, list):
        return value
    return [{"id": one} if isinstance(one, str) else one for one in value]


Operations = Annotated[
    list[OperationSpec], Field(min_length=1, max_length=100), BeforeValidator(_operations)
]


class OpenAPISpec(Spec):
    """`document`: a file of the folder, or an address. `base`: where the operations are, if not
    where the document says."""

    document: Text
    operations: Operations
    base: Text | None = None
    read: list[str] = []


class MCPSpec(Spec):
    url: Text
    tools: Operations
    read: list[str] = []


class FileSpec(BehaviourSpec):
    effect: Literal["read", "write"] | None = None
    parameters: dict[str, Any] | None = None
    request: RequestSpec | None = None
    openapi: OpenAPISpec | None = None
    mcp: MCPSpec | None = None
    read: list[str] = []
    headers: dict[str, str] = {}  # of every request to an OpenAPI or MCP system
    health: HealthSpec | None = None
