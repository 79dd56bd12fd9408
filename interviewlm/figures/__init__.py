"""How the models fare, on a page of the admin."""
