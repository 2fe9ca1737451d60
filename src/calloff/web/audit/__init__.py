"""What happened, by whom and when: added, never changed, each event holding the hash of the one before."""
