"""What the database itself refuses of the ledger: a journal that does not balance, and a line after its seal."""

from __future__ import annotations

POSTING, SEAL = "payments_posting", "payments_seal"
UNBALANCED, SEALED = "a journal that does not sum to nothing", "the journal is sealed"
_LINES = f"FROM {POSTING} WHERE council_id = NEW.council_id AND journal = NEW.journal"
_IS_WRONG = f"(SELECT COALESCE(SUM(pence), 0) {_LINES}) <> 0 OR (SELECT COUNT(*) {_LINES}) <> NEW.lines"
_IS_SEALED = f"EXISTS (SELECT 1 FROM {SEAL} WHERE council_id = NEW.council_id AND journal = NEW.journal)"  # noqa: S608 - our own names


def balanced(vendor: str) -> list[str]:
    """The statements that make the ledger refuse an unbalanced seal and a line behind a seal."""
    rules = ((SEAL, "balanced", _IS_WRONG, UNBALANCED), (POSTING, "sealed", _IS_SEALED, SEALED))
    statements = []
    for table, name, wrong, says in rules:
        if vendor == "sqlite":
            statements.append(
                f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} WHEN {wrong} "
                f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
            )
            continue
        statements.append(
            f"CREATE FUNCTION {table}_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {wrong} THEN RAISE EXCEPTION '{says}'; END IF; RETURN NEW; END $$"
        )
        statements.append(
            f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_{name}()"
        )
    return statements
