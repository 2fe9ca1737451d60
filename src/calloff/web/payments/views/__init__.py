"""Pay for finance: what needs somebody, runs, lines that wait, payments, terms and the books."""
