"""The list of live interviews that need a look."""
