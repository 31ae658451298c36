"""What the rest of the gateway knows of a connector: a tool that can be offered, checked, called
and put into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Effect = Literal["read", "write"]
NOT_FOUND = "not_found"  # kind of a read whose system answered with an empty list
By = Literal["customer", "staff"]


@dataclass(frozen=True, slots=True)
class Identity:
    """For whom a system is asked: from the token or key, never from the model, the page or the
    conversation. `user`: "" where nobody is signed in. `tenant`: the key's name, else `desk`."""

    user: str
    tenant: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Who must confirm a write, and for how many seconds the proposal holds (None: the setting
    ACTION_EXPIRES)."""

    by: By = "customer"
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The system answered as described. `result`: what the file's `result` keeps of the answer,
    nothing else; without secrets."""

    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done there, for certain: the system said no (4xx), has no such record, or the
    request never left.

    `reason`: for a person, cut and masked; the system's own words where it said any. `kind` labels
    metrics: refused, not_found, unreachable, circuit_open, invalid.
    """

    reason: str
    kind: str = "refused"


@dataclass(frozen=True, slots=True)
class Unsure:
    """The request may have had its effect: time-out or reset after sending, 5xx, an answer that
    cannot be understood, is too large, or redirects. `kind`: timeout, broken, server_error,
    nonsense, too_large; refused where an MCP tool reports an error, in its own words."""

    reason: str
    kind: str = "broken"


Outcome = Done | Refused | Unsure


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that a finished action sends: a call of another connector, which needs no
    confirmation."""

    connector: str
    arguments: dict[str, Any]


class WrongArguments(Exception):
    """`problems`: one sentence each, with the name of the property. `missing`: the required
    properties that are not there, in the schema's order."""

    def __init__(self, problems: Sequence[str], missing: Sequence[str] = ()) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)
        self.missing = list(missing)


class Tool(Protocol):
    """One connector, or one operation of an OpenAPI document or MCP server. Unchanging."""

    name: str
    title: Mapping[str, str]  # by language: zh, en
    description: Mapping[str, str]
    effect: Effect
    # JSON Schema as the model gets it: without x-… and without secret properties.
    parameters: Mapping[str, Any]
    field_of: Mapping[str, str]  # property → the reading's field that may fill it
    secrets: frozenset[str]  # properties that are never shown, stored or told to a model
    confirm: Confirm
    has_key: bool  # the system honours Idempotency-Key: a call that was cut off is tried again
    retries: int  # of a write with a key, by whoever carries it out
    needs_user: bool
    needs_tenant: bool

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Raises WrongArguments."""

    def label_of(self, name: str, language: str) -> str:
        """What a person calls a property: its schema's `title`, the reading's field, the name."""

    async def call(
        self, arguments: Mapping[str, Any], identity: Identity, action_id: str = ""
    ) -> Outcome:
        """Asks the system: a read with its retries, a write once. Never raises but for
        cancellation. `action_id` is sent as Idempotency-Key, and fills `{action.id}`."""

    async def current(
        self, arguments: Mapping[str, Any], identity: Identity
    ) -> dict[str, Any] | None:
        """The values before a change, by property, where the file names a read that tells them."""

    def say(self, arguments: Mapping[str, Any], result: Mapping[str, Any], language: str) -> str:
        """The result in words, for `lite` and for people; "" where the file has none."""

    def notification(
        self,
        arguments: Mapping[str, Any],
        outcome: Outcome,
        identity: Identity,
        language: str,
        said: str = "",
    ) -> Notification | None:
        """The message that is due when an action of this tool has ended. `said`: the result in
        words, in place of what `say` makes of it."""


class Tools(Protocol):
    """All tools as they are now. The object stays; what it knows changes with the folder."""

    def offered(self, identity: Identity) -> Sequence[Tool]:
        """Those whose needs the identity fills, in order of their names."""

    def find(self, name: str) -> Tool | None: ...
