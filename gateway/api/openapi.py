"""The OpenAPI document, completed: what FastAPI cannot know of a route that reads its own body, and the errors of the contract.

It is served nowhere; `create_app(settings).openapi()` gives it to tools and tests.
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
MEANINGS = {
    400: "The request is wrong; the message says where.",
    401: "No key, token or user that is known here.",
    403: "This address or this page's origin may not call here.",
    404: "There is nothing of the caller's under this name.",
    405: "The method is not allowed here.",
    408: "The request came too slowly.",
    413: "The body, a picture or a document is too large.",
    415: "The body is of a kind that is not taken.",
    429: "Too many requests, or the queue is full; Retry-After says when to come back.",
    502: "The engine failed.",
    503: "No engine answers now; Retry-After says when to come back.",
    504: "The engine took too long.",
}
OPEN = (403, 405)
CALLERS = (400, 401, 403, 404, 405, 408, 413, 415, 429)
ENGINE = (502, 503, 504)
CHAT = ("/v1/chat/completions", "/api/chat")


def completed(document: dict[str, Any]) -> dict[str, Any]:
    document["components"] = document.get("components", {})
    document["components"].setdefault("schemas", {})["Error"] = ERROR
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        guarded = path.startswith(("/v1/", "/api/"))
        statuses = CALLERS if guarded else OPEN
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)
            for status in (*statuses, *(ENGINE if path in CHAT else ())):
                responses.setdefault(str(status), _error(MEANINGS[status]))
            if guarded:
                operation["security"] = [
                    {"bearer": []},
                    {},
                ]  # or nginx's user, or an anonymous network
            if path in CHAT or path == "/api/chat/{answer}":
                responses["200"]["content"] = {"application/json": {}, "text/event-stream": {}}
    paths = document["paths"]
    paths["/readyz"]["get"]["responses"]["503"] = {
        "description": "Nothing answers yet.",
        "content": {"application/json": {}},
    }
    paths["/api/export"]["get"]["responses"]["200"]["content"] = {"application/x-ndjson": {}}
    paths["/metrics"]["get"]["responses"]["200"]["content"] = {"text/plain": {}}
    for prefix in ("/v1", "/api"):
        paths[f"{prefix}/files/{{file_id}}/content"]["get"]["responses"]["200"]["content"] = {
            "*/*": {}
        }
    return document


def _error(meaning: str) -> dict[str, Any]:
    return {
        "description": meaning,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
