"""The judge: evidence from the timeline in, a scorecard with claims out."""
