"""Cases that anybody can write: a situation, what happens in it, and what the kernel must answer."""
