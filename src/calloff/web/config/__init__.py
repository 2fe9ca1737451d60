"""What holds the website together: settings, addresses, the look of every page."""
