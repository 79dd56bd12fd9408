"""Private servers for tests and for `make cluster`, and the cluster itself."""
