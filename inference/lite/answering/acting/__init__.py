"""Systems that the gateway offers: which one a question needs, with which values, and what came of
it. The form of tools and results is in docs/architecture.md, "The engine seam"."""
