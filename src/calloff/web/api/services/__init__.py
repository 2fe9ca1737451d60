"""What programs may do: keys, the journal of changes, commands that are done once."""
