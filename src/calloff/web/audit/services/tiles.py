"""What the database itself refuses of rows that tile time: one that begins before the last of its thing has ended."""

from __future__ import annotations

OVERLAPS, GAP = "two rows of the same thing at one time", "a version is missing"


def _refuse(table: str, name: str, wrong: str, says: str, vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} WHEN {wrong} "
            f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
        ]
    return [
        f"CREATE FUNCTION {table}_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {wrong} THEN RAISE EXCEPTION '{says}'; END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_{name}()",
    ]


def versions_tile(table: str, of: str, vendor: str) -> list[str]:
    """
    The statements that let versions of something, `of` being its column, follow each other without gap or overlap.

    Each is the next number and begins no earlier than the last, which it ends.
    """
    before = f"FROM {table} WHERE {of} = NEW.{of}"
    gap = f"NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 {before})"
    overlaps = f"EXISTS (SELECT 1 {before} AND from_at > NEW.from_at)"
    return [*_refuse(table, "gap", gap, GAP, vendor), *_refuse(table, "tiles", overlaps, OVERLAPS, vendor)]


def rows_tile(table: str, of: tuple[str, ...], vendor: str) -> list[str]:
    """The statements that let a row be known only from when the last one of the same thing was superseded."""
    same = " AND ".join(f"{column} = NEW.{column}" for column in of)
    overlaps = (
        f"EXISTS (SELECT 1 FROM {table} WHERE {same} AND (superseded_at IS NULL OR superseded_at > NEW.known_from))"  # noqa: S608 - our own names
    )
    return _refuse(table, "tiles", overlaps, OVERLAPS, vendor)
