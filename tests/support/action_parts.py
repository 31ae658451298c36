"""The actions of one gateway, with tools that call a system of the tests."""

from dataclasses import dataclass, field
from typing import Any

from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.actions.worker import ActionWorker
from gateway.connectors.tool import Confirm, Identity
from gateway.observability.metrics import Metrics
from tests.support.action_tools import HTTPTool, Toolbox

OWNER, STRANGER, WHO = "key:shop", "key:other", Identity("li", "shop")
ORDER = {"order": "QH202611090078126"}
NOWHERE = "http://127.0.0.1:1"


class StoppedClock:
    """Proposals expire by it. It goes where a test sets it."""

    def __init__(self, moment: int) -> None:
        self.moment = moment

    def now(self) -> int:
        return self.moment


@dataclass(slots=True)
class Parts:
    """The actions of one gateway."""

    store: ActionStore
    tools: Toolbox
    metrics: Metrics = field(default_factory=lambda: Metrics("0", "lite"))

    @property
    def actions(self) -> Actions:
        return Actions(self.store, self.tools, self.metrics, expires=600)

    def worker(self, **more: float) -> ActionWorker:
        given = {"lease": 5, "first_pause": 0.02, "poll": 0.05, **more}
        return ActionWorker(self.store, self.tools, self.metrics, **given)  # type: ignore[arg-type]  # settings of the worker

    def propose(self, name: str = "plain", arguments: dict[str, Any] = ORDER, **more: Any) -> str:
        """The id of a new action of OWNER."""
        tool = self.tools.find(name)
        assert tool is not None
        given = {"conversation_id": "conversation-1", "answer_id": "answer-1", "language": "zh"}
        return str(self.actions.propose(tool, arguments, WHO, OWNER, **{**given, **more})["id"])

    def steps(self, action_id: str) -> list[str]:
        return [one["to"] for one in self.actions.audit(action_id, 0, 100)]


def tools_at(system: str) -> Toolbox:
    return Toolbox(
        HTTPTool("plain", f"{system}/plain"),
        HTTPTool("keyed", f"{system}/keyed", has_key=True),
        HTTPTool("staffed", f"{system}/plain", confirm=Confirm("staff")),
        HTTPTool("short", f"{system}/plain", confirm=Confirm(seconds=0.0)),
        HTTPTool("secret", f"{system}/plain", secrets=frozenset({"pin"})),
        HTTPTool("notifying", f"{system}/keyed", has_key=True, notifies="plain"),
    )
