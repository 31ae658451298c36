"""The last stage: tokens and the time to the first one, into metrics and the turn's report."""

from gateway.chat.question import TurnReport
from gateway.chat.stream_stats import StreamStats
from gateway.observability.metrics import Metrics


def record_usage(
    stats: StreamStats, client: str, report: TurnReport, metrics: Metrics, *, complete: bool
) -> None:
    """`complete` is false for an answer that was cut short: the tokens that were relayed are
    counted apart, as `aborted`."""
    prompt, completion = stats.prompt_tokens, stats.completion_tokens
    report.prompt_tokens += prompt
    report.completion_tokens += completion
    if report.first_token_seconds is None:
        report.first_token_seconds = stats.seconds_to_first_token()
        if report.first_token_seconds is not None:
            metrics.time_to_first_token.labels(report.model).observe(report.first_token_seconds)
    if prompt:
        metrics.tokens.labels(report.model, client, "prompt").inc(prompt)
    if completion:
        direction = "completion" if complete else "aborted"
        metrics.tokens.labels(report.model, client, direction).inc(completion)
