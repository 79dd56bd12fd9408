"""Reads of the interviews app, one module per aggregate."""
