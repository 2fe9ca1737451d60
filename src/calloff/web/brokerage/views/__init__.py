"""The broker's screens."""
