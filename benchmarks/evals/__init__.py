"""`make eval`: asks a desk the cases of `evals/*.toml` as its page does, and prints a sheet."""
