"""Councils with their localities and areas, and the providers of care with their registration and grades."""
