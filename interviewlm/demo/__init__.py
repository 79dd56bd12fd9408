"""`make demo`: everything on one machine, with sample data, from one command."""
