"""The sample organisation: content on disk and the code that reads it."""
