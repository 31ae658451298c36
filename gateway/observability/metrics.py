"""Prometheus metrics. Label values are bounded: no address, path or id is one."""

from contextlib import suppress

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one application, in a registry of their own: two fit in one process."""

    def __init__(self, version: str, engine: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

        def counter(name: str, help: str, *labels: str) -> Counter:
            return Counter(name, help, labels, registry=self.registry)

        def gauge(name: str, help: str, *labels: str) -> Gauge:
            return Gauge(name, help, labels, registry=self.registry)

        def seconds(name: str, help: str, *labels: str) -> Histogram:
            return Histogram(name, help, labels, buckets=SECONDS, registry=self.registry)

        self.requests = counter(
            "sightdesk_requests", "Requests answered.", "route", "method", "status"
        )
        self.request_duration = seconds(
            "sightdesk_request_duration_seconds", "From request to last byte.", "route"
        )
        self.time_to_first_token = seconds(
            "sightdesk_time_to_first_token_seconds", "To the first token.", "model"
        )
        self.tokens = counter(
            "sightdesk_tokens", "Tokens in and out.", "model", "client", "direction"
        )
        self.inflight = gauge("sightdesk_inflight_requests", "Requests inside the engines.")
        self.queue_depth = gauge("sightdesk_queue_depth", "Requests waiting for an engine.")
        self.queue_wait = seconds(
            "sightdesk_queue_wait_seconds", "Time spent waiting for an engine."
        )
        self.queue_refused = counter(
            "sightdesk_queue_refused",
            "Requests refused by a full queue or QUEUE_TIMEOUT.",
            "reason",
        )
        for reason in ("full", "timeout"):
            self.queue_refused.labels(reason)
        self.rate_limited = counter("sightdesk_rate_limited", "Requests over a limit.", "scope")
        self.rate_storage_errors = counter(
            "sightdesk_rate_storage_errors", "Limits counted locally for want of Redis."
        )
        self.rate_storage_up = gauge(
            "sightdesk_rate_storage_up", "0 while limits are counted locally for want of Redis."
        )
        self.upstream_up = gauge("sightdesk_upstream_up", "1 while the engine answers.", "upstream")
        self.names_found = gauge(
            "sightdesk_names_found", "0 while a name of ENGINE_URLS is not found."
        )
        self.names_found.set(1)
        self.breaker_state = gauge(
            "sightdesk_upstream_breaker_state", "0 closed, 1 half-open, 2 open.", "upstream"
        )
        self.upstream_errors = counter(
            "sightdesk_upstream_errors", "Failures of engines.", "upstream", "kind"
        )
        self.client_disconnects = counter(
            "sightdesk_client_disconnects", "Clients that left before the end."
        )
        self.body_bytes = gauge("sightdesk_body_bytes", "Bytes of large requests in memory.")
        self.images = counter("sightdesk_images", "Pictures received.", "outcome")
        self.image_seconds = seconds(
            "sightdesk_image_seconds", "Time to decode and scale a picture."
        )
        self.knowledge_seconds = seconds("sightdesk_knowledge_seconds", "Time to find clauses.")
        self.tool_calls = counter("sightdesk_tool_calls", "Calls of connectors.", "tool", "outcome")
        self.actions = counter(
            "sightdesk_actions", "Steps of actions, by the status after it.", "connector", "status"
        )
        self.outcomes = counter("sightdesk_outcomes", "What came of questions.", "outcome")
        for outcome in ("answered", "clarify", "no_clause", "smalltalk", "handoff"):
            self.outcomes.labels(outcome)
        self.ungrounded = counter(
            "sightdesk_ungrounded", "Answers with a claim that is in none of their sources."
        )
        self.feedback = counter("sightdesk_feedback", "Ratings of answers.", "rating")
        for rating in ("up", "down"):
            self.feedback.labels(rating)
        self.webhook_deliveries = counter(
            "sightdesk_webhook_deliveries", "Tries to send an event to a subscriber.", "outcome"
        )
        for outcome in ("delivered", "retried", "failed", "gone"):
            self.webhook_deliveries.labels(outcome)
        self.outbox_pending = gauge(
            "sightdesk_outbox_pending", "Deliveries that wait, of all gateways together."
        )
        self.handoffs = counter("sightdesk_handoffs", "Conversations handed to a person.", "reason")
        for reason in ("asked", "no_clause", "loop", "action", "rule"):
            self.handoffs.labels(reason)
        self.handoffs_open = gauge(
            "sightdesk_handoffs_open", "Hand-overs that wait for a person, of all gateways."
        )
        self.handoffs_oldest = gauge(
            "sightdesk_handoffs_oldest_seconds", "Age of the oldest hand-over that waits."
        )
        self.service_open = gauge(
            "sightdesk_service_open", "1 within SERVICE_HOURS, while people answer."
        )
        self.actions_open = gauge(
            "sightdesk_actions_open", "Actions that have not ended, or are unknown.", "status"
        )
        self.outbox_oldest = gauge(
            "sightdesk_outbox_oldest_seconds", "Age of the oldest event with a waiting delivery."
        )
        self.clauses = gauge("sightdesk_knowledge_clauses", "Clauses that can be found.")
        self.knowledge_problems = gauge(
            "sightdesk_knowledge_problems", "What is wrong with files in KNOWLEDGE_DIR."
        )
        self.connector_problems = gauge(
            "sightdesk_connector_problems", "What is wrong with files in CONNECTORS_DIR."
        )
        self.database_up = gauge("sightdesk_database_up", "1 while the database takes writes.")
        self.disk_free = gauge("sightdesk_disk_free_bytes", "Room left on the disk of DATA_DIR.")
        self.disk_size = gauge("sightdesk_disk_size_bytes", "Size of the disk of DATA_DIR.")
        self.clock_step = gauge(
            "sightdesk_clock_step_seconds",
            "By how much the clock was set within the last hour; 0: it was not.",
        )
        self.certificate_end = gauge(
            "sightdesk_certificate_expires_timestamp_seconds",
            "When the certificate of CERTIFICATE_URL ends; 0 where none is served.",
        )
        self.stream_errors = counter(
            "sightdesk_stream_errors", "Streams that ended with an error after their 200.", "route"
        )
        for route in ("/v1/chat/completions", "/api/chat"):
            self.stream_errors.labels(route)
        self.store_errors = counter(
            "sightdesk_store_errors", "Failures of the database of conversations."
        )
        self.records_removed = counter(
            "sightdesk_records_removed", "Removed after RETENTION_DAYS.", "kind"
        )
        for kind in ("conversations", "files", "actions", "audit"):
            self.records_removed.labels(kind)
        self.broken_records = counter(
            "sightdesk_broken_file_records", "Records of files that could not be read."
        )
        self.last_backup = gauge(
            "sightdesk_backup_last_success_timestamp_seconds",
            "End of the newest backup in seconds since 1970, of all gateways; 0: none was made.",
        )
        self.backup_overdue = gauge(
            "sightdesk_backup_overdue_seconds",
            "For how long a backup of BACKUP_SCHEDULE has been due, of all gateways; 0: none is.",
        )
        self.backups = counter(
            "sightdesk_backups", "Backups that this gateway was due to make.", "outcome"
        )
        for outcome in ("made", "failed"):
            self.backups.labels(outcome)
        self.task_restarts = counter(
            "sightdesk_task_restarts", "Background tasks started again after a failure.", "task"
        )
        self.build_info = gauge("sightdesk_build_info", "Always 1.", "version", "engine")
        self.build_info.labels(version, engine).set(1)

    def upstream_left(self, upstream: str) -> None:
        """The engine is gone for good: its state is no longer shown."""
        for gauge in (self.upstream_up, self.breaker_state):
            with suppress(KeyError):
                gauge.remove(upstream)

    def render(self) -> bytes:
        return generate_latest(self.registry)
