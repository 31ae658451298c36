"""After the answer: tokens, first token and disconnects, into metrics and the request's context."""

from gateway.chat.relay import StreamStats
from gateway.observability.metrics import Metrics
from gateway.server.request_context import RequestContext


def record_usage(
    stats: StreamStats, context: RequestContext, metrics: Metrics, *, complete: bool
) -> None:
    """`complete` is false for an answer that was cut short: its tokens are what was relayed, counted apart."""
    client = context.caller.name if context.caller else "unknown"
    prompt, completion = stats.prompt_tokens, stats.completion_tokens
    first_token_seconds = stats.seconds_to_first_token()
    context.log.answer_ended(prompt, completion, first_token_seconds)
    if first_token_seconds is not None:
        metrics.time_to_first_token.labels(context.log.model).observe(first_token_seconds)
    if prompt:
        metrics.tokens.labels(context.log.model, client, "prompt").inc(prompt)
    if completion:
        direction = "completion" if complete else "aborted"
        metrics.tokens.labels(context.log.model, client, direction).inc(completion)
