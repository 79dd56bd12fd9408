"""The checks of `make check` that are ours."""
