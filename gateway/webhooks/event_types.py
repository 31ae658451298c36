"""The types of events that other systems can subscribe to (docs/webhooks.md)."""

ACTION_STEPS = ("proposed", "confirmed", "done", "failed", "unknown", "cancelled", "expired")
HANDOFF_STEPS = ("requested", "contact", "claimed", "message", "released", "missed", "resolved")
TYPES = frozenset(
    (
        "message.completed",
        "fields.read",
        "feedback.given",
        *(f"action.{step}" for step in ACTION_STEPS),
        *(f"handoff.{step}" for step in HANDOFF_STEPS),
    )
)
