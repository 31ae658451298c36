"""After the answer: tokens, first token and disconnects, into metrics and the request's context."""

from gateway.chat.relay import Meter
from gateway.context import RequestContext
from gateway.metrics import Metrics


def account(meter: Meter, context: RequestContext, metrics: Metrics, *, complete: bool) -> None:
    """`complete` is false for an answer that was cut short: its tokens are what was relayed, counted apart."""
    client = context.caller.name if context.caller else "unknown"
    prompt, completion = meter.prompt_tokens, meter.completion_tokens
    context.prompt_tokens, context.completion_tokens = prompt, completion
    context.first_token_seconds = meter.seconds_to_first_token()
    if context.first_token_seconds is not None:
        metrics.time_to_first_token.labels(context.model).observe(context.first_token_seconds)
    if prompt:
        metrics.tokens.labels(context.model, client, "prompt").inc(prompt)
    if completion:
        direction = "completion" if complete else "aborted"
        metrics.tokens.labels(context.model, client, direction).inc(completion)
