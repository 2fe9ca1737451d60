"""The door of programs, what they may ask and be told, and the pages about it for people."""
