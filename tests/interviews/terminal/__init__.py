"""Terminals: their sockets, their record, their end."""
