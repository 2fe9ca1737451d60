"""Who may sign in, what they hold, and how they prove who they are."""
