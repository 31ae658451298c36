"""What all kinds of connectors have in common when a tool is built from its file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.connectors.arguments import ArgumentSchema
from gateway.connectors.described_tool import (
    Backend,
    Current,
    DescribedTool,
    Find,
    Notify,
    Surroundings,
)
from gateway.connectors.environment import Environment
from gateway.connectors.http_call import HTTPCaller, Limits
from gateway.connectors.problems import Wrong
from gateway.connectors.results import ResultPaths
from gateway.connectors.spec import (
    BehaviourSpec,
    ConfirmSpec,
    CurrentSpec,
    Language,
    NotifySpec,
)
from gateway.connectors.templates import SPECIAL, Template, parse
from gateway.connectors.tool import Confirm, Effect
from gateway.connectors.wording import Wording
from gateway.observability.metrics import Metrics

TIMEOUT = 5.0  # seconds
RETRIES = 2
# What the sentences of `notify` may name beside arguments and results.
NOTIFY_NAMES = frozenset(("arguments", "result", "caller", "status", "reason", "said", "title"))


@dataclass(frozen=True, slots=True)
class Workshop:
    """What building needs of the gateway."""

    environment: Environment
    caller: HTTPCaller
    metrics: Metrics
    find: Find

    @property
    def around(self) -> Surroundings:
        return Surroundings(self.metrics, self.environment.hide, self.find)


@contextmanager
def at(*place: str | int) -> Iterator[None]:
    """Adds the place in the file to what is raised inside."""
    try:
        yield
    except Wrong as wrong:
        raise wrong.under(*place) from None


def build_tool(
    name: str,
    effect: Effect,
    spec: BehaviourSpec,
    schema: ArgumentSchema,
    backend: Backend,
    workshop: Workshop,
    fixed: Mapping[str, Template] | None = None,
) -> DescribedTool:
    """Raises Wrong, with the place in `spec`."""
    _check_effect(effect, spec)
    title = by_language(spec.title) or {"zh": name, "en": name}
    with at("result"):
        paths = None if spec.result is None else ResultPaths(spec.result)
    results = paths.names if paths is not None else None
    confirm = spec.confirm or ConfirmSpec()
    has_key = effect == "write" and spec.idempotency == "key"
    retries = RETRIES if spec.retries is None else spec.retries
    seconds = spec.timeout or TIMEOUT
    is_read = effect == "read"
    return DescribedTool(
        name=name,
        title=title,
        description=by_language(spec.description) or title,
        effect=effect,
        schema=schema,
        backend=backend,
        around=workshop.around,
        limits=Limits(seconds, retries if is_read else 0, fresh=not is_read),
        confirm=Confirm(confirm.by, confirm.expires),
        has_key=has_key,
        retries=retries if has_key else 0,
        paths=paths,
        wording=_wording(spec, schema, results),
        before=_current(spec.current, schema, workshop),
        notify=_notify(spec.notify, schema, results),
        fixed=fixed or {},
    )


def by_language(texts: Mapping[Language, str] | None) -> dict[str, str]:
    return {str(language): text for language, text in (texts or {}).items()}


def _check_effect(effect: Effect, spec: BehaviourSpec) -> None:
    """A read may say who confirms and `idempotency`, which mean nothing there. One that staff are
    to confirm is a mistake: it would run at once."""
    if effect == "write":
        return
    for key in ("current", "notify"):
        if getattr(spec, key) is not None:
            raise Wrong("is for writes; this is a read", key)
    if spec.confirm is not None and spec.confirm.by == "staff":
        raise Wrong("is for writes; this is a read, which runs at once", "confirm")


def _wording(
    spec: BehaviourSpec, schema: ArgumentSchema, results: frozenset[str] | None
) -> Wording | None:
    if spec.say is None:
        return None
    with at("say"):
        return Wording(
            by_language(spec.say), _names(schema, results, frozenset(("arguments", "result")))
        )


def _names(
    schema: ArgumentSchema, results: frozenset[str] | None, more: frozenset[str]
) -> frozenset[str] | None:
    """The names that a sentence may use; None: any, where the whole answer is kept."""
    return None if results is None else (schema.names - schema.secrets) | results | more


def _current(
    spec: CurrentSpec | None, schema: ArgumentSchema, workshop: Workshop
) -> Current | None:
    if spec is None:
        return None
    arguments = None
    if spec.arguments is not None:
        with at("current", "arguments"):
            arguments = read_templates(spec.arguments, workshop.environment, schema.names | SPECIAL)
    for name in spec.values or {}:
        if name not in schema.names:
            raise Wrong(f"there is no parameter {name!r}", "current", "values", name)
    return Current(spec.connector, arguments, spec.values)


def _notify(
    spec: NotifySpec | None, schema: ArgumentSchema, results: frozenset[str] | None
) -> Notify | None:
    if spec is None:
        return None
    wordings = {}
    for name, texts in spec.arguments.items():
        with at("notify", "arguments", name):
            wordings[name] = Wording(by_language(texts), _names(schema, results, NOTIFY_NAMES))
    return Notify(spec.connector, wordings, frozenset(spec.on))


def read_templates(
    texts: Mapping[str, str], environment: Environment, known: frozenset[str]
) -> dict[str, Template]:
    """Raises Wrong, with the name as its place."""
    made = {}
    for name, text in texts.items():
        with at(name):
            template = parse(text, environment)
            check_names(template.names, known)
        made[name] = template
    return made


def check_names(names: frozenset[str], known: frozenset[str]) -> None:
    """Raises Wrong for a placeholder that stands for nothing."""
    unknown = sorted(names - known)
    if unknown:
        raise Wrong(f"{{{unknown[0]}}} is no parameter, {{caller.user}}, {{caller.tenant}} or "
                    "{action.id}")  # fmt: skip
