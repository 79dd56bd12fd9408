"""From uploaded chunks to seekable files: pure functions, no database, no Django."""
