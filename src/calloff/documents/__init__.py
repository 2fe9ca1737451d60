"""Floor 2: the documents a council publishes, and their one reader."""
