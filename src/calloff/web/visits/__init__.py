"""Planned visits, the files in which providers say what they delivered, and what belongs to what."""
