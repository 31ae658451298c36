"""Fetches a checkpoint: pinned to a commit, resumed where it stopped, verified file by file."""
