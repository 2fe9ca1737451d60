"""Calloff: the system with which a council buys and runs care at home."""
