"""`make bench-relay`: what a token costs on its way through this gateway, nginx, vllm-router and LiteLLM."""
