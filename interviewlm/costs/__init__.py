"""The page about money, its download, and the panel on the first page of the admin."""
