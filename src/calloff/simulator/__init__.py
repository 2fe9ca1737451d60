"""Floor 2: the same rules under a made-up clock, in a market of which only the register is real."""
