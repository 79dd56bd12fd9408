"""The directories of interviews on this machine's disk, kept from run to run."""
