"""One clock, one timeline: kinds of events, and the log they are appended to."""
