"""
docs/reference/files.md, made from the same columns that read and write the files.

Run `python -m calloff.formats.reference > docs/reference/files.md` after changing a column.
"""

from __future__ import annotations

from calloff.formats.contracts import CONTRACTS
from calloff.formats.delivered_visits import VISITS
from calloff.formats.packages import PACKAGES
from calloff.formats.payables import PAYABLES
from calloff.formats.places import PLACES
from calloff.formats.planned_visits import PLANNED
from calloff.formats.providers import PROVIDERS
from calloff.formats.responses import RESPONSES
from calloff.formats.settled_visits import LOGS, ROUNDINGS, SETTLED
from calloff.formats.tables import table_page

TABLES = (PROVIDERS, PLACES, PACKAGES, CONTRACTS, RESPONSES, PLANNED, VISITS, SETTLED, LOGS, ROUNDINGS, PAYABLES)

_OPENING = """# Files

Made from the columns in `src/calloff/formats/`; run `python -m calloff.formats.reference` to make it anew.

Each file is CSV: UTF-8, separated by commas, its first line the heading. Columns may stand in any order,
and those that are not required may be left out. Days are written `2025-03-31`, moments
`2025-03-30T10:00+01:00`, rates in pounds (`15.95`, at most four decimals), truths `yes` or `no`; items of a
list are separated by `; `. Every bad cell is told at once, with its file, line, column, what was found and
what was expected, and then nothing is written.
"""


def reference_page() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_OPENING, *(table_page(table) for table in TABLES)])


if __name__ == "__main__":
    print(reference_page(), end="")
