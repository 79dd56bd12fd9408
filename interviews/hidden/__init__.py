"""Judging hidden cases: drivers that go into the sandbox, comparison outside."""
