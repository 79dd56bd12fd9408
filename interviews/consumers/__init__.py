"""The workspace socket: what it says to the page, and what it takes from it."""
