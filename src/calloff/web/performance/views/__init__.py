"""The ledger of unmet need, how long it takes, who answers, how care is bought; each number opens its rows."""
