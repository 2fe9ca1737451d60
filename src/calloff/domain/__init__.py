"""Floor 1: the trade in plain Python, standard library only. It never waits, asks the time or touches a database."""
