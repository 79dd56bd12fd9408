"""People, organisations, roles, audit rows and the outbox."""
