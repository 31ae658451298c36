"""Completes FastAPI's OpenAPI document: errors, security, and the responses of streaming routes.

No route serves the document. Tools and tests get it from `create_app(settings).openapi()`.
"""

from typing import Any

ERROR = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code", "details"],
            "additionalProperties": False,
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
                "details": {"type": "object"},
            },
        }
    },
}
DESCRIPTIONS = {
    400: "The request is wrong; the message says where.",
    401: "No valid API key, embed token or user.",
    403: "This address, this page's origin, or a caller who is not staff may not call here.",
    404: "The caller has nothing of this name.",
    405: "The method is not allowed here.",
    409: "Another person, or time, has decided about this before.",
    408: "The request was sent too slowly.",
    413: "The body, a picture or a document is too large.",
    415: "The type of the body is not accepted.",
    429: "Too many requests, or the queue is full; Retry-After says when to try again.",
    502: "The engine failed.",
    503: "No engine answers now; Retry-After says when to try again.",
    504: "The engine took too long.",
}
OPEN_STATUSES = (403, 405)
GUARDED_STATUSES = (400, 401, 403, 404, 405, 408, 413, 415, 429)
ENGINE_STATUSES = (502, 503, 504)
DECISION_STATUSES = (409,)
CHAT_PATHS = ("/v1/chat/completions", "/api/chat")


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The same document, changed in place."""
    document["components"] = document.get("components", {})
    document["components"].setdefault("schemas", {})["Error"] = ERROR
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        guarded = path.startswith(("/v1/", "/api/", "/signed/"))
        statuses = GUARDED_STATUSES if guarded else OPEN_STATUSES
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)
            more: tuple[int, ...] = ENGINE_STATUSES if path in CHAT_PATHS else ()
            if "/actions/{action_id}/" in path or "/handoffs/{handoff_id}/" in path:
                more = DECISION_STATUSES
            for status in (*statuses, *more):
                responses.setdefault(str(status), _error(DESCRIPTIONS[status]))
            if guarded:
                # The empty entry stands for nginx's user and for anonymous networks.
                operation["security"] = [{"bearer": []}, {}]
            if path in CHAT_PATHS or path == "/api/chat/{answer}":
                responses["200"]["content"] = {"application/json": {}, "text/event-stream": {}}
    paths = document["paths"]
    paths["/readyz"]["get"]["responses"]["503"] = {
        "description": "Nothing answers yet.",
        "content": {"application/json": {}},
    }
    for path in ("/api/conversations/{conversation_id}/events", "/api/desk/events"):
        paths[path]["get"]["responses"]["200"]["content"] = {"text/event-stream": {}}
    asking = paths["/api/handoff"]["post"]["responses"]
    asking["200"] = {**asking["201"], "description": "The hand-over that is open already."}
    exported = paths["/api/desk/export"]["get"]["responses"]["200"]
    exported["content"] = {"application/x-ndjson": {}, "text/csv": {}}
    paths["/api/export"]["get"]["responses"]["200"]["content"] = {"application/x-ndjson": {}}
    paths["/metrics"]["get"]["responses"]["200"]["content"] = {"text/plain": {}}
    paths["/signed/files/{token}"]["get"]["responses"]["200"]["content"] = {"*/*": {}}
    for prefix in ("/v1", "/api", "/api/desk/conversations/{conversation_id}"):
        paths[f"{prefix}/files/{{file_id}}/content"]["get"]["responses"]["200"]["content"] = {
            "*/*": {}
        }
    return document


def _error(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
