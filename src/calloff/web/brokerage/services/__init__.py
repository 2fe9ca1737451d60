"""The acts of brokerage: each one function, one transaction, one event. None holds a rule: they ask the kernel."""
