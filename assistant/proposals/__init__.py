"""Proposed edits as data: parts to decide, where they stand now, what stays of them."""
