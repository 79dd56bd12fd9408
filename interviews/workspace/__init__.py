"""Rules of the workspace that need no database: paths, change sets, their errors."""
