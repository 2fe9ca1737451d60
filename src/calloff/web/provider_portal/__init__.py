"""What a provider sees and does: invitations, packages, spare hours, messages."""
