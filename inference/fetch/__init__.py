"""Getting a checkpoint: listed by its hub, pinned to a commit, resumed where it stopped, verified file by file."""
