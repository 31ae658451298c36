"""OpenTelemetry's names for calls of models and tools.

The conventions for generative AI are still marked as in development, and their names change. They
stand here alone, as of semantic conventions 1.41:
https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from gateway.observability.spans import Attributes

CHAT = "chat"
EMBEDDINGS = "embeddings"
EXECUTE_TOOL = "execute_tool"
LITE_PROVIDER, VLLM_PROVIDER = "sightdesk.lite", "vllm"


def chat(model: str, *, is_lite: bool) -> Attributes:
    """What is known when an engine is asked. `model`: the name that it is asked by."""
    return {
        "gen_ai.operation.name": CHAT,
        "gen_ai.provider.name": LITE_PROVIDER if is_lite else VLLM_PROVIDER,
        "gen_ai.request.model": model,
    }


def answered(model: str, prompt_tokens: int, completion_tokens: int) -> Attributes:
    """What is known when the answer has ended."""
    return {
        "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": prompt_tokens,
        "gen_ai.usage.output_tokens": completion_tokens,
    }


def first_token(seconds: float) -> Attributes:
    """`seconds`: from the engine's call to the first piece of its answer."""
    return {"gen_ai.response.time_to_first_chunk": seconds}


def embeddings(model: str) -> Attributes:
    return {"gen_ai.operation.name": EMBEDDINGS, "gen_ai.request.model": model}


def tool(name: str) -> Attributes:
    return {
        "gen_ai.operation.name": EXECUTE_TOOL,
        "gen_ai.tool.name": name,
        "gen_ai.tool.type": "function",
    }
