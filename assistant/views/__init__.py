"""Pages and answers of the assistant app over HTTP."""
