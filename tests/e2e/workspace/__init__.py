"""Documents in the browser: what is typed is stored, once, whatever breaks."""
