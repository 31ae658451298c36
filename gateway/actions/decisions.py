"""What a confirmation or a cancellation means, by the status that it finds."""

from collections.abc import Mapping
from typing import Any

from gateway.actions.sentences import told
from gateway.actions.states import CONFIRMED
from gateway.actions.steps import GATEWAY, Step
from gateway.errors import ActionExpired, ActionNotPending, InvalidRequest
from gateway.storage.action_tables import Action
from gateway.storage.turns import now


def expiry(action: Action, moment: int) -> Step | None:
    """The end of a proposal whose time is over at `moment`, else None."""
    if action.status != "proposed" or moment < action.expires_at:
        return None
    return Step("expired", GATEWAY, values={"finished_at": now()}, turn=told(action, "expired"))


def confirmation(
    action: Action, who: str, arguments: Mapping[str, Any] | None, reason: str
) -> Step | None:
    """`arguments`: those of staff, checked; None where they are as proposed.

    None where it is confirmed already. Raises ActionNotPending where it was decided otherwise.
    """
    edited = arguments is not None and arguments != action.arguments
    if action.status in CONFIRMED and not edited:
        return None
    if action.status != "proposed":
        raise not_pending(action)
    values: dict[str, Any] = {"decided_by": who, "decided_at": now()}
    if edited and arguments is not None:
        values["arguments"] = dict(arguments)
        reason = f"{reason} [{changes(action.arguments, arguments)}]".strip()
    return Step("confirmed", who, reason, values)


def cancellation(action: Action, who: str, reason: str, sentence: str) -> Step | None:
    """`sentence`: for the conversation. None where it is cancelled already.

    Raises ActionNotPending where it was confirmed.
    """
    if action.status == "cancelled":
        return None
    if action.status != "proposed":
        raise not_pending(action)
    moment = now()
    values = {"decided_by": who, "decided_at": moment, "finished_at": moment}
    return Step("cancelled", who, reason, {**values, "error": reason or None}, turn=sentence)


def changes(was: Mapping[str, Any], now_: Mapping[str, Any]) -> str:
    """The edited arguments for the audit: `amount: 3 → 2`."""
    names = sorted(name for name in {*was, *now_} if was.get(name) != now_.get(name))
    return ", ".join(f"{name}: {was.get(name)} → {now_.get(name)}" for name in names)


def refuse_expired(action: Action) -> None:
    """Raises ActionExpired."""
    if action.status == "expired":
        raise ActionExpired(
            "The time to decide about this action is over; nothing was done.",
            param="id",
            details={"status": action.status, "expires_at": action.expires_at // 1000},
        )


def not_pending(action: Action) -> ActionNotPending:
    return ActionNotPending(
        f"This action is {action.status} and cannot be decided any more.",
        param="id",
        details={"status": action.status},
    )


def wrong_arguments(problems: list[str], missing: list[str]) -> InvalidRequest:
    """The error for arguments that the tool's schema refuses."""
    return InvalidRequest(
        "The arguments do not fit: " + "; ".join(problems),
        param="arguments",
        details={"problems": problems, "missing": missing},
    )
