"""What is done with entitlements, pay runs and the ledger; no rule of the trade is kept here."""
