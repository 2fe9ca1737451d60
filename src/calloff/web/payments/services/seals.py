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


def stands_with_its_run(table: str, vendor: str) -> list[str]:
    """
    The statements that make lines refuse any change, and to be added or taken out once their run is approved.

    A line of a run that is not there is refused by its reference, not here.
    """
    says = "the run of this line is approved"
    is_open = "COALESCE((SELECT state FROM payments_payrun WHERE id = {row}.run_id), 'draft') IN ('preparing', 'draft')"
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_{verb.lower()}_open BEFORE {verb} ON {table} "
            f"WHEN NOT ({is_open.format(row=row)}) BEGIN SELECT RAISE(ABORT, '{says}'); END"
            for verb, row in (("INSERT", "NEW"), ("DELETE", "OLD"))
        ] + [f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{says}'); END"]
    statements = []
    for verb, row in (("INSERT", "NEW"), ("DELETE", "OLD"), ("UPDATE", "")):
        wrong = f"IF NOT ({is_open.format(row=row)}) THEN RAISE EXCEPTION '{says}'; END IF; RETURN {row};"
        body = wrong if row else f"RAISE EXCEPTION '{says}';"
        name = f"{table}_{verb.lower()}_open"
        statements.append(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        statements.append(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    return statements
