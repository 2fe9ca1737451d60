"""
The JSON Schema of delivered visits, made from the same columns that read them.

Run `python -m calloff.formats.visits_schema > docs/reference/visits.schema.json` after changing a column.
"""

from __future__ import annotations

import json
from typing import Any

from calloff.formats.cells import MOMENT, TEXT
from calloff.formats.delivered_visits import ADD, LOGGED, MODES, VISITS
from calloff.formats.tables import Column

MOST_ROWS = 5_000
"""So many rows at most come in one request; a file may have more."""
_CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?"
_OFFSET = "(Z|[+-][0-9]{2}:[0-9]{2})"
PATTERNS = {MOMENT.name: f"^{_CLOCK}{_OFFSET}$", LOGGED.name: f"^{_CLOCK}{_OFFSET}?$"}


def schema() -> dict[str, Any]:
    """Rows by the names of our columns, their total, and whether they add or replace."""
    row = {
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in VISITS.columns if column.required],
        "properties": {column.name: _cell(column) for column in VISITS.columns},
    }
    total = {
        "description": "How many rows there are, and the sum of their minutes, each rounded to whole minutes.",
        "type": "object",
        "additionalProperties": False,
        "required": ["rows", "minutes"],
        "properties": {name: {"type": "integer", "minimum": 0} for name in ("rows", "minutes")},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Delivered visits",
        "description": "One care worker's stretch in a home a row; two workers are two rows.",
        "type": "object",
        "additionalProperties": False,
        "required": ["rows", "total"],
        "properties": {
            "mode": {
                "description": "Whether the rows add to what is known, or are all of their contracts' weeks.",
                "enum": list(MODES),
                "default": ADD,
            },
            "rows": {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": row},
            "total": total,
        },
    }


def _cell(column: Column) -> dict[str, Any]:
    told: dict[str, Any] = {"description": column.meaning}
    if column.allowed:
        return told | {"enum": list(column.allowed)}
    told |= {"type": "string", **({"minLength": 1} if column.required else {})}
    if column.kind.name in PATTERNS:
        told |= {"pattern": PATTERNS[column.kind.name]}
    elif column.kind is TEXT:
        told |= {"pattern": "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f]*$"}
    return told | ({"examples": [column.example]} if column.example else {})


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
