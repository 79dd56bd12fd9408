"""The review desk: one interview with everything a decision needs."""
