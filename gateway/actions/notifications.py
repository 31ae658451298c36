"""The message to the customer that follows the end of an action, where its connector wants one."""

from dataclasses import replace

import structlog

from gateway.actions.new_action import new_action
from gateway.actions.steps import Step
from gateway.connectors.tool import Done, Identity, Outcome, Tool, Tools
from gateway.storage.action_tables import Action

log = structlog.get_logger()


def with_message(
    step: Step, action: Action, tool: Tool | None, tools: Tools, outcome: Outcome, said: str = ""
) -> Step:
    """The step that ends `action`, with its message; there is no message about a message. `said`:
    the result in words, where nobody has it from the system."""
    if action.parent_id is not None or tool is None:
        return step
    if not isinstance(outcome, Done):
        outcome = replace(outcome, reason=str(step.values["error"]))  # in the customer's language
    identity = Identity(action.user, action.tenant)
    due = tool.notification(action.arguments, outcome, identity, action.language, said)
    if due is None:
        return step
    messenger = tools.find(due.connector)
    if messenger is None:
        log.warning("notification_not_configured", action=action.id, connector=due.connector)
        return step
    return replace(step, follows=(_message(action, messenger, due.arguments), messenger))


def _message(action: Action, tool: Tool, arguments: dict[str, object]) -> Action:
    """An action that needs no confirmation. It is not told to the conversation."""
    identity = Identity(action.user, action.tenant)
    made = new_action(tool, arguments, identity, action.owner, action.language)
    made.status, made.by, made.parent_id = "confirmed", "nobody", action.id
    made.conversation_id, made.answer_id = action.conversation_id, action.answer_id
    made.decided_at = made.created_at
    return made
