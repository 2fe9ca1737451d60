"""What a provider fills in."""
