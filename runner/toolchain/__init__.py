"""The read-only tools given to candidates: pytest, a TypeScript runner, Node."""
