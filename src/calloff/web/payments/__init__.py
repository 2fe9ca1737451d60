"""What visits are worth, pay runs, and the ledger behind them."""
