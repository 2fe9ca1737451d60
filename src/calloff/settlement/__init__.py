"""From planned visits and logs to what each visit is worth: one loop over columns, for a week or for millions."""
