"""The id of the request that the running task serves, for log lines and for calls to `lite`."""

from contextvars import ContextVar

# "" outside of a request. A task that a request starts keeps the request's id.
request_id: ContextVar[str] = ContextVar("request_id", default="")
