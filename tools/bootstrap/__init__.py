"""Set-up on a machine with only Python and make; standard library only."""
