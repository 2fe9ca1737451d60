"""Floor 3: an invented council on which anybody can see the whole job done; nothing in it is real."""
