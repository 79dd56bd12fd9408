"""Decides whether the sandbox may be used: checks of the machine and live probes."""
