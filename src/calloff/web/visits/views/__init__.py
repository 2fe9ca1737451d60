"""Pages about planned visits and about rows that belong to none."""
