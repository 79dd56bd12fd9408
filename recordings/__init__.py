"""Tracks, segments, chunks, assembly and playback."""
