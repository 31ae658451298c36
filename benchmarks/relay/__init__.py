"""`make bench-relay`: the cost of relaying a token: this gateway, nginx, vllm-router, LiteLLM."""
