"""Live turns: the process-wide registry that answers belong to."""
