"""What people fill in at the broker's desk."""
