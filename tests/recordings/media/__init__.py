"""Tests of assembly, on recordings made the way a browser makes them."""
