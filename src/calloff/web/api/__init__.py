"""The interface for providers' own programs: the same acts as in the portal, under /api/v1."""
