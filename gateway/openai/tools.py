"""Tools and response formats that a chat completions request may name."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from gateway.openai.validation import StrictModel, at_most_bytes

MAX_TOOLS = 32
MAX_TOOLS_BYTES = 64 * 1024
MAX_SCHEMA_BYTES = 16 * 1024


class Function(StrictModel):
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(StrictModel):
    type: Literal["function"]
    function: Function


class FunctionName(StrictModel):
    name: str = Field(max_length=64)


class ToolChoice(StrictModel):
    type: Literal["function"]
    function: FunctionName


class JSONSchema(StrictModel):
    name: str = Field(max_length=64)
    description: str | None = Field(None, max_length=1024)
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class ResponseFormat(StrictModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: Annotated[JSONSchema, at_most_bytes(MAX_SCHEMA_BYTES, "json_schema")] | None = None

    @model_validator(mode="after")
    def has_its_schema(self) -> Self:
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("type json_schema needs json_schema")
        return self


Tools = Annotated[
    list[Tool], Field(max_length=MAX_TOOLS, fail_fast=True), at_most_bytes(MAX_TOOLS_BYTES, "tools")
]
