"""The candidate's pages, one module per stage."""
