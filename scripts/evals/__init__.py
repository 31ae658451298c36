"""Cases that judge a desk (`evals/*.toml`, docs/evals.md): read, checked and judged."""
