"""The website: people of the council and of providers at work on the same packages."""
