"""Writes: segments and chunks as they arrive, and the files made of them."""
