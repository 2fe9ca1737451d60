"""Floor 2: readers and writers of other people's files, one module each."""
