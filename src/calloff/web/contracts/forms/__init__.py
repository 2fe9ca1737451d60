"""What commissioners and contract managers fill in."""
