"""The reference rule in Polars, as an analyst would write it: lazy frames whose plan Polars makes itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from month.stretches import kept_of

DAY, HOUR, WAITING, FURTHEST = 86_400, 3_600, 10_800, 172_800
C, when, lit = pl.col, pl.when, pl.lit


def settle(folder: Path, rule: dict[str, int], as_of: int) -> dict[str, Any]:
    """What each visit and each log was and is worth, in their order, and the totals."""
    planned = pl.scan_parquet(folder / "planned.parquet").select(C("*").cast(pl.Int64)).with_row_index("visit")
    logs = pl.scan_parquet(folder / "logs.parquet").select(C("*").cast(pl.Int64)).with_row_index("log")
    planned = planned.with_columns(C("visit").cast(pl.Int64)).collect()
    logs = logs.with_columns(C("log").cast(pl.Int64)).collect()
    found = became(paired(planned, logs), planned)
    visits = priced(happened(found, planned, rule, as_of), rule)
    totals = visits.lazy().group_by("contracts", "weeks").agg(C("pence").sum()).sort("contracts", "weeks").collect()
    told = visits.sort("visit").select("reason", "marks", "worked", "paid", "pence")
    return {
        "visits": told.to_numpy(),
        "logs": found.sort("log").select(C("visit").fill_null(-1), "is_a").to_numpy(),
        "totals": totals["pence"].to_numpy(),
    }


def paired(planned: pl.DataFrame, logs: pl.DataFrame) -> pl.DataFrame:
    """Logs with the visit each belongs to: the one named, else the one with the nearest start in reach."""
    reached = (
        planned.lazy()
        .select("visit", "groups", "starts", "begins", "ends")
        .with_columns(day=pl.int_ranges(C("begins") // DAY, C("ends") // DAY + 1))
        .explode("day")
    )
    away = (C("came") - C("starts")).abs()
    near = (
        logs.lazy()
        .filter(C("named") == -1)
        .select("log", "groups", "came", day=C("came") // DAY)
        .join(reached, on=["groups", "day"])
        .filter(C("came").is_between(C("begins"), C("ends")), away <= FURTHEST)
        .group_by("log")
        .agg(nearest=(away * (1 << 34) + C("visit")).min())
    )
    visit = when(C("named") >= 0).then(C("named")).otherwise(C("nearest") % (1 << 34))
    return logs.lazy().join(near, on="log", how="left").with_columns(visit=visit).drop("nearest").collect()


def became(logs: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    """Logs with what became of each: counted, a stretch, repeated, surplus, unplanned, not left, parked."""
    worker = ["visit", "workers"]
    ranked = (
        logs.lazy()
        .filter(C("visit").is_not_null(), C("left") != -1)
        .join(planned.lazy().select("visit", "starts", wanted="workers"), on="visit")
        .with_columns(away=(C("came") - C("starts")).abs())
        .sort("visit", "away", "log")
        .with_row_index("nth")
        .collect()
    )
    # Sorted columns compared with themselves a row on: windows over so many small groups take longer than all the rest.
    place = C("row") - when(C("visit") != C("visit").shift().fill_null(-1)).then(C("row")).forward_fill()
    firsts = (
        ranked.lazy()
        .group_by(worker)
        .agg(C("nth").min().alias("first"), C("wanted").first(), many=pl.len())
        .sort("first")
        .with_row_index("row")
        .select("visit", "workers", "first", "many", counts=place < C("wanted"))
    )
    ranked = ranked.lazy().join(firsts, on=worker).with_columns(is_first=C("nth") == C("first")).collect()
    several = ranked.filter(C("counts"), C("many") > 1).sort("visit", "workers", "nth")
    keeps = several.select("log").with_columns(
        keeps=pl.Series(kept_of(several.select("visit", "workers", "came", "left").rows()), dtype=pl.Boolean)
    )
    return (
        logs.lazy()
        .join(ranked.lazy().select("log", "is_first", "counts"), on="log", how="left")
        .join(keeps.lazy(), on="log", how="left")
        .with_columns(
            is_a=when(C("named") < -1)
            .then(6)
            .when(C("visit").is_null())
            .then(4)
            .when(C("left") == -1)
            .then(5)
            .when(~C("counts"))
            .then(3)
            .when(C("is_first"))
            .then(0)
            .when(C("keeps"))
            .then(1)
            .otherwise(2)
            .cast(pl.Int64)
        )
        .drop("is_first", "counts", "keeps")
        .collect()
    )


def elsewhere(logs: pl.DataFrame) -> pl.LazyFrame:
    """Logs whose worker was logged in another home at the same time."""
    spread = (
        logs.lazy()
        .filter(C("left") > C("came"))
        .select("log", "workers", "groups", "came", "left")
        .with_columns(hour=pl.int_ranges(C("came") // HOUR, (C("left") - 1) // HOUR + 1))
        .explode("hour")
    )
    return (
        spread.join(spread, on=["workers", "hour"], suffix="_other")
        .filter(
            C("groups") != C("groups_other"),
            pl.min_horizontal("left", "left_other") > pl.max_horizontal("came", "came_other"),
        )
        .select("log")
        .unique()
        .with_columns(at_once=lit(64))
    )


def happened(logs: pl.DataFrame, planned: pl.DataFrame, rule: dict[str, int], as_of: int) -> pl.DataFrame:
    """Visits with the one reason of each, what is noticed about it, and the minutes of its workers."""
    kept = logs.lazy().filter(C("is_a").is_in([0, 1]))
    firsts = logs.lazy().filter(C("is_a") == 0).select("visit", "workers", own_met="met")
    attended = (
        kept.group_by("visit", "workers")
        .agg(seconds=(C("left") - C("came")).sum())
        .join(firsts, on=["visit", "workers"])
        .with_columns(actual=(C("seconds") + 30) // 60)
        .join(planned.lazy().select("visit", "minutes", "extra_minutes"), on="visit")
        .with_columns(payable=payable(rule))
    )
    came_in = C("own_met") == 0
    work = attended.group_by("visit").agg(
        attended=came_in.sum(),
        turned_away=(~came_in).any(),
        in_hospital=(C("own_met") == 2).any(),
        shortest=C("actual").filter(came_in).min(),
        worked=C("actual").filter(came_in).sum(),
        paid=C("payable").filter(came_in).sum(),
    )
    arrived = kept.filter(C("met") == 0).group_by("visit").agg(came=C("came").min())
    noticed = (
        logs.lazy()
        .filter(C("visit").is_not_null())
        .join(elsewhere(logs), on="log", how="left")
        .group_by("visit")
        .agg(elsewhere=C("at_once").max(), not_left=(C("is_a") == 5).any())
    )
    waiting = (
        planned.lazy()
        .select("visit", "groups", "starts")
        .join(logs.lazy().filter(~C("is_a").is_in([0, 1, 2])).select("groups", "came"), on="groups")
        .filter((C("came") - C("starts")).abs() <= WAITING)
        .select("visit")
        .unique()
        .with_columns(waits=lit(True))
    )
    told = planned.lazy()
    for one in (work, arrived, noticed, waiting):
        told = told.join(one, on="visit", how="left")
    told = told.with_columns(
        C("attended").fill_null(0), C("worked").fill_null(0), C("paid").fill_null(0), C("elsewhere").fill_null(0),
        *[C(name).fill_null(False) for name in ("turned_away", "in_hospital", "not_left", "waits")],
    )  # fmt: skip
    reason = (
        when(C("stopped") == 4).then(7).when(C("stopped") == 5).then(8)
        .when(C("attended") > 0).then(2).when(C("turned_away")).then(3)
        .when(C("stopped") == 3).then(4).when(C("stopped") == 2).then(5).when(C("stopped") == 1).then(6)
        .when(C("waits") | C("not_left")).then(8).when(lit(as_of) > C("ends")).then(9).otherwise(0)
    )  # fmt: skip
    percent = C("shortest") * 100
    very = percent < C("minutes") * rule["very_short"]
    marks = (
        when(C("came") > C("windows_to")).then(1).when(C("came") < C("windows_from")).then(2).otherwise(0)
        + when(very | (percent < C("minutes") * rule["short"])).then(4).otherwise(0)
        + when(very).then(8).otherwise(0)
        + when(C("attended") < C("workers")).then(16).otherwise(0)
    )
    return (
        told.with_columns(reason=reason.cast(pl.Int64))
        .with_columns(
            marks=C("elsewhere") + C("not_left").cast(pl.Int64) * 32 + when(C("reason") == 2).then(marks).otherwise(0)
        )
        .collect()
    )


def payable(rule: dict[str, int]) -> pl.Expr:
    """The minutes of one worker that are paid: those planned within the tolerance, else those worked up to the cap."""
    actual, planned = C("actual"), C("minutes")
    capped = pl.min_horizontal(actual, planned + C("extra_minutes")) if rule["capped"] else actual
    minutes = when((actual - planned).abs() <= rule["tolerance"]).then(planned).otherwise(capped)
    raised = pl.max_horizontal(minutes, pl.min_horizontal(lit(rule["least"]), planned))
    return when(actual < rule["no_pay_below"]).then(0).otherwise(raised)


def priced(visits: pl.DataFrame, rule: dict[str, int]) -> pl.DataFrame:
    """Visits with the minutes that are paid and their pence."""
    at_the_door = (C("reason") == 3) & ~C("in_hospital")
    percent = (
        when(C("reason") == 2).then(100)
        .when(C("reason") == 4).then(rule["short_notice"])
        .when(C("reason") == 5).then(rule["retainer"])
        .when((C("reason") == 3) & (C("in_hospital") | (C("so_many") <= rule["no_access_a_week"])))
        .then(rule["no_access"])
        .otherwise(0)
    )  # fmt: skip
    paid = when(C("percent") == 0).then(0).when(C("reason") == 2).then(C("paid"))
    return (
        visits.lazy()
        .sort("visit")
        .with_columns(so_many=at_the_door.cast(pl.Int64).cum_sum().over("groups", "weeks"))
        .with_columns(percent=percent.cast(pl.Int64))
        .with_columns(paid=paid.otherwise(C("minutes") * C("workers")))
        .with_columns(pence=(2 * C("paid") * C("rates") * C("percent") + 600_000) // 1_200_000)
        .collect()
    )
