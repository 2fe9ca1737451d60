"""Purchasing models as published, who is enrolled in them, what they have to spare, and who is suspended."""
