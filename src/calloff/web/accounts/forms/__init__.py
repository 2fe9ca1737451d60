"""What people write: to sign in, and to look after accounts."""
