"""Finding by meaning: vectors of clauses, computed by a service and kept on disk."""
