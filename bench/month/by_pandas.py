"""The reference rule in pandas, as an analyst would write it: merges, groups and columns of numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from month.stretches import kept_of

DAY, HOUR, WAITING, FURTHEST = 86_400, 3_600, 10_800, 172_800
NONE = -1


def settle(folder: Path, rule: dict[str, int], as_of: int) -> dict[str, Any]:
    """What each visit and each log was and is worth, in their order, and the totals."""
    planned = pd.read_parquet(folder / "planned.parquet").astype("int64")
    logs = pd.read_parquet(folder / "logs.parquet").astype("int64")
    planned["visit"], logs["log"] = np.arange(len(planned)), np.arange(len(logs))
    logs["visit"] = paired(planned, logs)
    logs["is_a"] = became(logs, planned)
    visits = happened(logs, planned, rule, as_of)
    visits["pence"] = priced(visits, rule)
    totals = visits.groupby(["contracts", "weeks"])["pence"].sum()
    return {
        "visits": visits[["reason", "marks", "worked", "paid", "pence"]].to_numpy(),
        "logs": logs[["visit", "is_a"]].to_numpy(),
        "totals": totals.to_numpy(),
    }


def spread(rows: pd.DataFrame, first: pd.Series, last: pd.Series, step: int, name: str) -> pd.DataFrame:
    """Each row once for every day or hour that it touches."""
    count = (last // step - first // step + 1).to_numpy()
    found = rows.loc[rows.index.repeat(count)]
    nth = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count)
    found[name] = np.repeat((first // step).to_numpy(), count) + nth
    return found


def paired(planned: pd.DataFrame, logs: pd.DataFrame) -> np.ndarray:
    """The visit that each log belongs to: the one named, else the one with the nearest start in reach."""
    visits = planned[["visit", "groups", "starts", "begins", "ends"]]
    reached = spread(visits, visits["begins"], visits["ends"], DAY, "day")
    free = logs.loc[logs["named"] == NONE, ["log", "groups", "came"]]
    near = free.assign(day=free["came"] // DAY).merge(reached, on=["groups", "day"])
    away = (near["came"] - near["starts"]).abs()
    near["key"] = away * (1 << 34) + near["visit"]
    near = near[(near["came"] >= near["begins"]) & (near["came"] <= near["ends"]) & (away <= FURTHEST)]
    nearest = near.groupby("log")["key"].min()
    visit = np.full(len(logs), NONE)
    visit[nearest.index] = nearest.to_numpy() % (1 << 34)
    return np.where(logs["named"] >= 0, logs["named"], visit)


def became(logs: pd.DataFrame, planned: pd.DataFrame) -> np.ndarray:
    """What became of each log: counted, a stretch, repeated, surplus, unplanned, not left, parked."""
    closed = logs.loc[(logs["visit"] != NONE) & (logs["left"] != -1), ["log", "visit", "workers", "came", "left"]]
    visit = closed["visit"].to_numpy()
    closed["away"] = (closed["came"] - planned["starts"].to_numpy()[visit]).abs()
    closed["wanted"] = planned["workers"].to_numpy()[visit]
    closed = closed.sort_values(["visit", "away", "log"])
    closed["own"] = closed.groupby(["visit", "workers"]).cumcount()
    closed["place"] = (closed["own"] == 0).groupby(closed["visit"]).cumsum()
    closed["place"] = closed.groupby(["visit", "workers"])["place"].transform("first")
    counts = closed["place"] <= closed["wanted"]
    several = closed[counts & (closed.groupby(["visit", "workers"])["own"].transform("max") > 0)]
    several = several.sort_values(["visit", "workers", "own"])
    keeps = kept_of(several[["visit", "workers", "came", "left"]].itertuples(index=False, name=None))
    is_a = np.select(
        [logs["named"] < NONE, logs["visit"] == NONE, logs["left"] == -1],
        [6, 4, 5],
        3,
    )
    is_a[closed["log"][counts & (closed["own"] == 0)]] = 0
    several = several.assign(keeps=keeps)[several["own"] > 0]
    is_a[several["log"]] = np.where(several["keeps"], 1, 2)
    return is_a


def elsewhere(logs: pd.DataFrame) -> np.ndarray:
    """The logs whose worker was logged in another home at the same time."""
    real = logs.loc[logs["left"] > logs["came"], ["log", "workers", "groups", "came", "left"]]
    every = spread(real, real["came"], real["left"] - 1, HOUR, "hour")
    both = every.merge(every, on=["workers", "hour"], suffixes=("", "_other"))
    over = np.minimum(both["left"], both["left_other"]) > np.maximum(both["came"], both["came_other"])
    return both.loc[over & (both["groups"] != both["groups_other"]), "log"].unique()


def happened(logs: pd.DataFrame, planned: pd.DataFrame, rule: dict[str, int], as_of: int) -> pd.DataFrame:
    """Visits with the one reason of each, what is noticed about it, and the minutes of its workers."""
    kept = logs[logs["is_a"].isin([0, 1])]
    seconds = (kept["left"] - kept["came"]).groupby([kept["visit"], kept["workers"]]).sum().reset_index(name="seconds")
    firsts = logs.loc[logs["is_a"] == 0, ["visit", "workers", "met"]]
    attended = seconds.merge(firsts, on=["visit", "workers"])
    attended["actual"] = (attended["seconds"] + 30) // 60
    attended["payable"] = payable(attended, planned, rule)
    inside = attended[attended["met"] == 0]
    by_visit = inside.groupby("visit").agg(
        attended=("actual", "size"), shortest=("actual", "min"), worked=("actual", "sum"), paid=("payable", "sum")
    )
    visits = planned.join(by_visit)
    visits["came"] = kept[kept["met"] == 0].groupby("visit")["came"].min()
    visits = visits.fillna({"attended": 0, "worked": 0, "paid": 0, "shortest": 0, "came": 0}).astype("int64")

    def holds(which: Any) -> np.ndarray:
        flags = np.zeros(len(visits), dtype=bool)
        flags[which] = True
        return flags

    turned_away = holds(attended.loc[attended["met"] > 0, "visit"])
    visits["in_hospital"] = holds(attended.loc[attended["met"] == 2, "visit"])
    not_left = holds(logs.loc[logs["is_a"] == 5, "visit"])
    at_once = logs["visit"].to_numpy()[elsewhere(logs)]
    odd = logs.loc[~logs["is_a"].isin([0, 1, 2]), ["groups", "came"]]
    near = odd.merge(planned[["groups", "starts", "visit"]], on="groups")
    waits = holds(near.loc[(near["came"] - near["starts"]).abs() <= WAITING, "visit"])
    visits["reason"] = np.select(
        [
            visits["stopped"] == 4,
            visits["stopped"] == 5,
            visits["attended"] > 0,
            turned_away,
            visits["stopped"] == 3,
            visits["stopped"] == 2,
            visits["stopped"] == 1,
            waits | not_left,
            as_of > visits["ends"],
        ],
        [7, 8, 2, 3, 4, 5, 6, 8, 9],
        0,
    )
    very = visits["shortest"] * 100 < visits["minutes"] * rule["very_short"]
    short = very | (visits["shortest"] * 100 < visits["minutes"] * rule["short"])
    late = np.select([visits["came"] > visits["windows_to"], visits["came"] < visits["windows_from"]], [1, 2], 0)
    marks = late + 4 * short + 8 * very + 16 * (visits["attended"] < visits["workers"])
    visits["marks"] = 64 * holds(at_once[at_once != NONE]) + 32 * not_left + np.where(visits["reason"] == 2, marks, 0)
    return visits


def payable(attended: pd.DataFrame, planned: pd.DataFrame, rule: dict[str, int]) -> np.ndarray:
    """The minutes of one worker that are paid: those planned within the tolerance, else those worked up to the cap."""
    visit, actual = attended["visit"].to_numpy(), attended["actual"].to_numpy()
    wanted, extra = planned["minutes"].to_numpy()[visit], planned["extra_minutes"].to_numpy()[visit]
    capped = np.minimum(actual, wanted + extra) if rule["capped"] else actual
    minutes = np.where(np.abs(actual - wanted) <= rule["tolerance"], wanted, capped)
    raised = np.maximum(minutes, np.minimum(rule["least"], wanted))
    return np.where(actual < rule["no_pay_below"], 0, raised)


def priced(visits: pd.DataFrame, rule: dict[str, int]) -> pd.Series:
    """The pence of visits; `paid` becomes the minutes that are paid."""
    at_the_door = (visits["reason"] == 3) & ~visits["in_hospital"]
    so_many = at_the_door.groupby([visits["groups"], visits["weeks"]]).cumsum()
    percent = np.select(
        [
            visits["reason"] == 2,
            visits["reason"] == 4,
            visits["reason"] == 5,
            (visits["reason"] == 3) & (visits["in_hospital"] | (so_many <= rule["no_access_a_week"])),
        ],
        [100, rule["short_notice"], rule["retainer"], rule["no_access"]],
        0,
    )
    planned = visits["minutes"] * visits["workers"]
    visits["paid"] = np.where(percent == 0, 0, np.where(visits["reason"] == 2, visits["paid"], planned))
    return (2 * visits["paid"] * visits["rates"] * percent + 600_000) // 1_200_000
