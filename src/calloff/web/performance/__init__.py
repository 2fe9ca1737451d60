"""How well the council buys care: unmet need, waits, answers, and what is bought outside the framework."""
