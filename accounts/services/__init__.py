"""What changes organisations, members, audit rows and mail."""
