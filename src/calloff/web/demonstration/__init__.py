"""The demonstration: four invented councils, made by the real services under a made-up clock."""
