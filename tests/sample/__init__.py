"""The sample organisation."""
