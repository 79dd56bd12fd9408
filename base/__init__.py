"""Domain-free helpers, one named module per concern."""
