"""How pages look and speak: words for numbers and moments, components, and the forms that people fill in."""
