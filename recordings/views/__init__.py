"""The upload protocol for the candidate's page, and playback for members."""
