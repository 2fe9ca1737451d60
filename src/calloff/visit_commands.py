"""The commands about visits and pay; each imports what it needs when it is called."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from calloff.commands import Source

visits = typer.Typer(no_args_is_help=True, help="Look at files of delivered visits before they are sent.")
rules = typer.Typer(no_args_is_help=True, help="List and check payment rules.")
File = Annotated[Path, typer.Option(exists=True, dir_okay=False)]


@visits.command("check")
def check_visits(file: Source) -> None:
    """Read a file of delivered visits as a council will: every bad row with its line, or its rows and minutes."""
    from calloff.formats.parquet_rows import delivered_of

    found = delivered_of(file)
    not_left = sum(one.left is None for one in found.rows)
    rows = f"{len(found.rows):,} rows, {found.minutes:,} minutes, {not_left:,} without a leaving"
    typer.echo(f"{file}: {rows}, to {found.mode}; it can be sent")


@rules.command("list")
def list_rules() -> None:
    """Every payment rule that Calloff ships: id and title."""
    from calloff.documents.payment_rules import shipped, shipped_ids

    for name in shipped_ids():
        typer.echo(f"{name:<34} {shipped(name).title}")


@rules.command("check")
def check_rules(paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH or ID]...")] = None) -> None:
    """Read payment rules and say every fault with its line."""
    from calloff.documents.payment_rules import load, shipped_ids
    from calloff.domain.errors import CalloffError

    sound = True
    for name in paths or shipped_ids():
        try:
            typer.echo(f"{load(name).id}: sound")
        except CalloffError as error:
            typer.echo(str(error))
            sound = False
    raise typer.Exit(0 if sound else 1)


def pay(
    rules: Annotated[str, typer.Option(metavar="ID or PATH", help="The payment rule.")],
    planned: File,
    actual: Annotated[list[Path], typer.Option(exists=True, dir_okay=False, help="Delivered visits; several files.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder to write into.")],
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As known on this day; now.")] = None,
) -> None:
    """
    Match delivered visits to planned ones and price them under a payment rule: each amount with its reason.

    Files are CSV or, with the same columns, Parquet.
    """
    from calloff.documents.payment_rules import load
    from calloff.formats.parquet_rows import delivered_of, planned_of
    from calloff.formats.settled_visits import write_settled
    from calloff.formats.tables import writing_to
    from calloff.settlement.pay import pay as settle_files
    from calloff.settlement.telling import log_row, summary, visit_row

    rule = load(rules)
    known_at = as_of.replace(tzinfo=UTC) if as_of else datetime.now(UTC)
    paid = settle_files([rule], planned_of(planned), [delivered_of(one) for one in actual], known_at)
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
    write_settled(
        out,
        [visit_row(rule, one) for one in paid.visits],
        [log_row(one) for one in paid.logs],
        [{**vars(one), "amount": one.pence} for one in paid.roundings],
    )
    typer.echo("\n".join([*summary(paid), f"wrote settled.csv, logs.csv and roundings.csv to {out}"]))
