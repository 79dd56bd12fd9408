"""Shells that stay: their output, who follows them, and how they end."""
