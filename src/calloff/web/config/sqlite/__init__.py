"""SQLite as strict as PostgreSQL: what does not fit a column is refused, whoever writes it."""
