"""Template filters of the interviews app."""
