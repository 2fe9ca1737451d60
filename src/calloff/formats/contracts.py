"""contracts.csv: each provider's place in the purchasing model, its prices and what it has to spare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from calloff.domain.contracts import ROLES, Enrolment
from calloff.domain.errors import BadInputError
from calloff.domain.packages import AGE_GROUPS, CAPABILITIES, CLIENT_GROUPS
from calloff.domain.units import MOST_MINUTES
from calloff.formats.cells import CHOICE, DAY, LIST, RATE, TEXT, YES_NO, number
from calloff.formats.contract_cells import (
    MOST_SCORE,
    POOLS,
    PRICE_LINES,
    SCORES,
    SUSPENSIONS,
    numbered,
    unnumbered,
)
from calloff.formats.tables import Column, Row, Table, read_table, write_table

_PAST_MINUTES = number(0, 10**10)

_ABOUT = """\
One enrolment a row: a provider may have several. Four columns have a grammar of their own; their items are
separated by `;`.

- `price_lines`: a rate in pounds per worker, then what it is limited to, as `key=value`: `care_type`,
  `area_band`, `time_band` (morning, lunch, tea, bed, night), `day_type` (weekday, weekend, bank_holiday,
  special_day), `workers` (1 or 2; a line for 2 prices both together), `unit` (hour or visit), `basis`
  (tendered, fixed, ceiling_capped, banded, negotiated, block), `includes` (mileage, home_and_away,
  travel_time, training_time, joined by `+`), `from` and `to` (days, both included). `15.20` alone prices
  everything. The most precise line wins; lines that price one visit twice, and gaps between alike dated
  lines, are refused. The first line of enrolment E has the id `E#1`.
- `spare_minutes`: `areas/bands=minutes@moment`, minutes a week in any mix of those areas and bands, as
  declared at that moment; areas and bands are joined by `+`, and `*` is all of them. No area and band may
  be offered twice.
- `suspensions`: `first..last` day, both included, or `first..` until lifted; then `step_in` where the council
  passes a prime's new referrals to the next in the cascade.
- `later_scores`: `day=points`, for each day from which another quality score counts."""

CONTRACTS = Table(
    name="contracts.csv",
    about=_ABOUT,
    key=("reference",),
    columns=(
        Column("reference", TEXT, "What other files call the enrolment.", required=True, example="E-001"),
        Column("provider", TEXT, "A reference of providers.csv.", required=True, example="CS2099000001"),
        Column(
            "model",
            TEXT,
            "Id of the purchasing model; blank: that of the run, which then has only one.",
            example="leeds_2010_framework",
        ),
        Column("tier", TEXT, "Tier of the purchasing model.", required=True, example="framework"),
        Column("role", CHOICE, "Part it plays there.", required=True, allowed=ROLES, example="member"),
        Column("lot", TEXT, "Lot of the purchasing model."),
        Column("localities", LIST, "Where it works; blank: everywhere.", example="S13002908; S13002909"),
        Column(
            "price_lines",
            PRICE_LINES,
            "Its prices.",
            "£ per unit and worker",
            example="15.20; 16.10 day_type=weekend workers=1 includes=mileage",
        ),
        Column(
            "spare_minutes",
            POOLS,
            "What it has to spare.",
            "min/week",
            example="*/morning+bed=360@2025-03-30T09:00Z",
        ),
        Column("block_minutes", number(0, MOST_MINUTES), "Bought in advance; blank is 0.", unit="min/week"),
        Column("capabilities", LIST, "What its care workers can do.", allowed=CAPABILITIES),
        Column("client_groups", LIST, "Whom it serves; blank: all.", allowed=CLIENT_GROUPS),
        Column("age_groups", LIST, "Whom it serves; blank: all.", allowed=AGE_GROUPS),
        Column("ultimate_parent", TEXT, "The group it belongs to in the end, where there is one."),
        Column("local", YES_NO, "Whether it has a registered branch in the area; blank is no."),
        Column("subcontractors", LIST, "References of the providers it may subcontract to."),
        Column(
            "suspensions",
            SUSPENSIONS,
            "When no new work goes to it.",
            example="2025-01-06..2025-02-28; 2025-05-01.. step_in",
        ),
        Column("quality_score", number(0, MOST_SCORE), "Score of its tender, on the model's own scale.", unit="points"),
        Column("later_scores", SCORES, "What it was measured at since.", "points", example="2025-04-01=82"),
        Column("from", DAY, "First day of the enrolment; blank: that of the model.", example="2024-04-01"),
        Column("to", DAY, "Last day, included; blank: that of the model.", example="2026-03-31"),
        Column(
            "full_cost_gbp_per_hour",
            RATE,
            "What an hour costs with its overheads, where known beside the price.",
            "£ per worker-hour",
            example="24.50",
        ),
        Column(
            "past_referred_minutes",
            _PAST_MINUTES,
            "Referred and accepted in the twelve months before.",
            "min",
        ),
        Column("past_subcontracted_minutes", _PAST_MINUTES, "Of those, first placed with a subcontractor.", "min"),
        Column("assumed", TEXT, "What was drawn rather than known; not read.", example="spare_minutes drawn"),
    ),
)

_RENAMED = {
    "pools": "spare_minutes",
    "from_on": "from",
    "to_on": "to",
    "full_cost_centipence_per_hour": "full_cost_gbp_per_hour",
}
"""Fields of an enrolment whose column is called otherwise."""
_COLUMNS = {name: _RENAMED.get(name, name) for name in Enrolment.__dataclass_fields__}


def read_contracts(path: Path | str) -> tuple[Enrolment, ...]:
    """The enrolments of a file, in its order; RowErrors names every bad cell."""
    return read_table(path, CONTRACTS, _enrolment)


def write_contracts(
    path: Path | str, enrolments: Iterable[Enrolment], assumed: Mapping[str, str] | None = None
) -> None:
    """
    Write enrolments in the order given, each with what was assumed of it (by reference).

    BadInputError when a price line has another id than its place gives it, since the file holds none.
    """
    rows = [_cells(str(path), enrolment, assumed or {}) for enrolment in enrolments]
    write_table(path, CONTRACTS, rows)


def _enrolment(row: Row) -> Enrolment:
    if row["from"] and row["to"] and row["from"] > row["to"]:
        row.refuse("to", f"a day not before {row['from']}, when the enrolment begins")
    values = {name: row[column] for name, column in _COLUMNS.items() if row[column] is not None}
    values["price_lines"] = numbered(row["reference"], values.get("price_lines", ()))
    return Enrolment(**values)


def _cells(path: str, enrolment: Enrolment, assumed: Mapping[str, str]) -> dict[str, Any]:
    lines = unnumbered(enrolment.price_lines)
    if numbered(enrolment.reference, lines) != enrolment.price_lines:
        raise BadInputError(f"{path}: the price lines of {enrolment.reference} must be numbered from #1")
    cells = {column: getattr(enrolment, name) for name, column in _COLUMNS.items()}
    # A cost of nothing is a cost not known.
    cells["full_cost_gbp_per_hour"] = enrolment.full_cost_centipence_per_hour or None
    return cells | {"price_lines": lines, "assumed": assumed.get(enrolment.reference, "")}
