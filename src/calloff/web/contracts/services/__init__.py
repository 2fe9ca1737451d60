"""The acts of commissioners and contract managers, and the market as the kernel sees it."""
