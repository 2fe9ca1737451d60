"""Work that is due later or elsewhere, kept in the same database as what caused it; and the notices it sends."""
