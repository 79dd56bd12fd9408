"""Prices, token usage and what it costs."""
