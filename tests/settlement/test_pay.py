"""Files of visits under a payment rule: one answer whatever the order, repeats and splits of what arrives."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from settlement.sent_weeks import LATER, MONDAY, SENT, delivered_rows, log, planned_rows

from calloff.documents.payment_rules import load, parse, shipped_ids
from calloff.domain.errors import BadInputError, RowErrors
from calloff.domain.packages import Visit
from calloff.domain.planned_visits import visits_of
from calloff.domain.visit_rows import VersionConflictError
from calloff.domain.visits import LogIs, Mark, Reason
from calloff.formats.delivered_visits import REPLACE, DeliveredFile, read_visits, write_visits
from calloff.formats.planned_visits import PlannedRow
from calloff.settlement.pay import living
from calloff.settlement.pay import pay as pay_files
from calloff.settlement.telling import summary, visit_row

FIXED = load("isle_of_wight_2021_fixed")


def pay(rules, planned, files, as_of):
    """As the engine's own, with files that add as bare lists of rows."""
    whole = [one if isinstance(one, DeliveredFile) else DeliveredFile(tuple(one)) for one in files]
    return pay_files(rules, planned, whole, as_of)


@pytest.mark.parametrize("seed", range(40))
def test_order_repeats_and_splits_of_files_change_nothing(seed):
    chance = random.Random(seed)
    planned = [row for person in ("P-1", "P-2", "P-3") for row in planned_rows(person)]
    rows = delivered_rows(planned, seed)
    expected = pay([FIXED], planned, [rows], LATER)
    named = [row for row in rows if row.row]
    bare = [row for row in rows if not row.row]

    mixed = chance.sample(named, len(named)) + chance.sample(named, len(named) // 3)
    cut = sorted(chance.sample(range(len(mixed)), 4))
    files = [mixed[a:b] for a, b in zip([0, *cut], [*cut, len(mixed)], strict=True)] + [bare, bare]
    found = pay([FIXED], chance.sample(planned, len(planned)), chance.sample(files, len(files)), LATER)

    assert found.visits == expected.visits
    assert found.logs == expected.logs
    assert found.pence == expected.pence > 0


def test_the_later_version_of_a_row_stands_whenever_it_arrives():
    planned = planned_rows("P-1", days=1)
    came = planned[0].start_at
    old = log("V1", "P-1", came, 20)
    new = log("V1", "P-1", came, 30, version=SENT + timedelta(hours=1))

    for files in ([[old], [new]], [[new], [old]], [[new, old]]):
        assert pay([FIXED], planned, files, LATER).visits[0].pence == 964

    with pytest.raises(VersionConflictError, match="says something else"):
        pay([FIXED], planned, [[old], [replace(old, worker="W9")]], LATER)


WEEK = timedelta(days=7)
MONDAY_MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


def living_after(*files):
    return {(row.row, row.version) for row in living(files)}


def test_a_file_that_replaces_withdraws_what_it_lacks_of_its_weeks_and_nothing_else():
    rows = [log(f"V{day}", "P-1", MONDAY_MORNING + timedelta(days=day), 30) for day in range(10)]
    sent = DeliveredFile(tuple(rows))
    later = SENT + timedelta(hours=1)
    newer = DeliveredFile((log("V3", "P-1", MONDAY_MORNING + timedelta(days=3), 40, version=later),))
    other = DeliveredFile((replace(rows[1], row="OTHER", contract="E-2"),))
    whole = DeliveredFile((rows[0], rows[2], log("NEW", "P-1", MONDAY_MORNING, 30, version=SENT)), REPLACE)
    kept = {("V0", SENT), ("V2", SENT), ("NEW", SENT), ("V7", SENT), ("V8", SENT), ("V9", SENT), ("OTHER", SENT)}

    # V1, V4, V5 and V6 are of its week and not in it; V3 was changed after it was made; V7 to V9 are of the next week.
    for files in itertools.permutations((sent, newer, other, whole)):
        assert living_after(*files) == kept | {("V3", later)}


def test_of_two_files_that_replace_a_week_the_later_decides():
    rows = [log(f"V{day}", "P-1", MONDAY_MORNING + timedelta(days=day), 30) for day in range(3)]
    mark = log("V9", "P-1", MONDAY_MORNING, 30, version=SENT + timedelta(hours=2))
    first = DeliveredFile((rows[0],), REPLACE)
    second = DeliveredFile((rows[1], mark), REPLACE)

    for files in itertools.permutations((first, second, DeliveredFile(tuple(rows)))):
        assert living_after(*files) == {("V1", SENT), ("V9", SENT + timedelta(hours=2))}
    with pytest.raises(VersionConflictError, match="one contract's week"):
        living([first, DeliveredFile((rows[1],), REPLACE)])


@pytest.mark.parametrize(
    ("total", "said"),
    [
        ("TOTAL,1,30,replace", ""),
        ("TOTAL,1,30,add", ""),
        ("TOTAL,1,30,anew", "add, replace or nothing"),
        ("TOTAL,1,30,replace,more", "nothing behind the mode"),
        ("TOTAL,2,30,replace", "1 rows, as the file has"),
        ("TOTAL,1,,replace", "30 minutes, as the file has"),
        ("TOTAL,replace", "1 rows, as the file has"),
    ],
)
def test_a_file_says_whether_it_replaces_and_then_must_count_its_rows_and_minutes(total, said, tmp_path):
    path = tmp_path / "visits.csv"
    write_visits(path, [log("V1", "P-1", MONDAY_MORNING, 30)])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], total + "," * 9]) + "\n")

    if said:
        with pytest.raises((RowErrors, BadInputError), match=said):
            read_visits(path)
    else:
        assert read_visits(path).mode == total.split(",")[3]


def test_a_row_that_names_a_visit_of_somebody_else_is_parked_and_the_visit_waits():
    planned = planned_rows("P-1", days=1) + planned_rows("P-2", days=1)
    wrong = log("V1", "P-1", planned[0].start_at, 30, visit=planned[2].reference)

    found = pay([FIXED], planned, [[wrong]], LATER)

    assert [one.is_a for one in found.logs] == [LogIs.PARKED]
    assert found.visits[0].reason is Reason.WAITING
    assert found.pence == 0


def test_a_visit_named_from_afar_is_the_one_that_counts():
    planned = planned_rows("P-1", days=2)
    late = log("V1", "P-1", planned[0].start_at + timedelta(hours=26), 30, visit=planned[0].reference)

    found = pay([FIXED], planned, [[late]], LATER)

    assert found.visits[0].reason is Reason.DELIVERED
    assert found.visits[0].marks & Mark.LATE


NIGHT_FILE = """\
row,version,contract,person,worker,came,left
A,2027-01-01T00:00Z,E-1,P-1,W,2026-10-25T{came}:00,2026-10-25T{left}:00
TOTAL,1,{minutes},,,,
"""


@pytest.mark.parametrize(
    ("start_minute", "came", "left", "minutes"),
    [
        # 01:30 occurs twice on 25 October 2026. A visit planned for it is at the first.
        (90, "01:31", "01:58", 27),
        # One planned for 02:15 is nearer to the second.
        (135, "01:50", "02:15", 25),
    ],
)
def test_a_local_time_that_occurs_twice_is_the_instant_nearest_its_visit(start_minute, came, left, minutes, tmp_path):
    night = date(2026, 10, 25)
    [one] = visits_of([("night", Visit(night.weekday(), start_minute, 30))], night, night)
    window = (one.window_from_at, one.window_to_at)
    planned = [PlannedRow(0, "N", "E-1", "P-1", one.start_at, one.ends_at, *window, 30, 1, 192_800)]
    path = tmp_path / "visits.csv"
    path.write_text(NIGHT_FILE.format(came=came, left=left, minutes=minutes))

    found = pay([FIXED], planned, [read_visits(path)], datetime(2027, 2, 1, tzinfo=UTC))

    assert found.visits[0].worked_minutes == minutes


def test_a_file_that_was_cut_off_is_refused_at_every_line_and_a_whole_one_is_read(tmp_path):
    rows = delivered_rows(planned_rows("P-1"))
    path, cut = tmp_path / "visits.csv", tmp_path / "cut.csv"
    write_visits(path, rows)
    text = path.read_text()

    assert [replace(row, line=0) for row in read_visits(path).rows] == rows
    lines = text.splitlines(keepends=True)
    for kept in range(1, len(lines)):
        cut.write_text("".join(lines[:kept]))
        with pytest.raises(BadInputError, match="cut off"):
            read_visits(cut)
    # A row lost in the middle is told by the count.
    cut.write_text("".join(lines[:3] + lines[4:]))
    with pytest.raises(RowErrors, match="rows, as the file has"):
        read_visits(cut)


def test_every_amount_has_its_sentence_under_every_rule():
    planned = planned_rows("P-1") + planned_rows("P-2", stopped="retainer") + planned_rows("P-3", stopped="death")
    rows = delivered_rows([row for row in planned if row.person == "P-1"])
    every = [load(name) for name in shipped_ids()]
    every.append(parse(STEPPED, "stepped"))

    for rule in every:
        paid = pay([rule], planned, [rows], LATER)
        for one in paid.visits:
            told = visit_row(rule, one)["why"]
            assert told.endswith(".")
            assert "{" not in told
        assert summary(paid)[-1].startswith("in all £")


STEPPED = """
id: by_length
version: 1
title: Prices by length
basis:
  pay: stepped
  steps: [{minutes: 30, gbp: 16.00}, {minutes: 45, gbp: 20.00}, {minutes: 60, gbp: 24.00}]
  assumed: made up for a test
"""


def test_rounding_once_a_week_adds_the_difference_as_one_line():
    # Seven visits of 20 minutes at £19.00: £44.31 rounded visit by visit, £44.33 at once (F13).
    rule = load("leeds_2010_lines")
    pattern = [(f"am{day}", Visit(day, 8 * 60, 20)) for day in range(7)]
    planned = [
        PlannedRow(
            0, one.reference, "E-1", "P-1", one.start_at, one.ends_at, one.start_at, one.start_at, 20, 1, 190_000
        )
        for one in visits_of(pattern, MONDAY, MONDAY + timedelta(days=6))
    ]
    rows = [log(f"V{number}", "P-1", one.start_at, 20) for number, one in enumerate(planned)]

    paid = pay([rule], planned, [rows], LATER)

    assert sum(one.pence for one in paid.visits) == 4_431
    assert [one.pence for one in paid.roundings] == [2]
    assert paid.pence == 4_433


def test_a_hospital_stay_is_paid_as_a_retainer_but_for_the_visit_that_was_made():
    # F11: four visits a day at £22, admitted on Monday at noon, all visits again from day 11: 39 are paid, £429.00.
    rule = load("leeds_2010_lines")
    times = (8 * 60, 12 * 60 + 30, 16 * 60 + 30, 20 * 60)
    pattern = [(f"{day}-{minute}", Visit(day, minute, 30)) for day in range(7) for minute in times]
    planned = [
        PlannedRow(
            0,
            one.reference,
            "E-1",
            "P-1",
            one.start_at,
            one.ends_at,
            one.start_at,
            one.start_at,
            30,
            1,
            220_000,
            stopped="" if number == 0 else "retainer",
        )
        for number, one in enumerate(visits_of(pattern, MONDAY, MONDAY + timedelta(days=9)))
    ]

    paid = pay([rule], planned, [[log("V1", "P-1", planned[0].start_at, 30)]], LATER)

    assert sum(one.pence for one in paid.visits if one.reason is Reason.RETAINER) == 42_900
    assert sum(one.reason is Reason.RETAINER for one in paid.visits) == 39


def test_the_sentence_tells_a_minimum_and_the_time_together():
    rule = parse(
        "id: r\nversion: 1\ntitle: r\nbasis: {pay: actual, assumed: a}\n"
        "minimum: {no_pay_below_minutes: 1, least_minutes: 15, assumed: a}\n"
        "double_handed: {count: overlap, assumed: a}\n",
        "r",
    )
    planned = [row for row in planned_rows("P-1", days=1) if row.workers == 2]
    rows = [log(f"V{worker}", "P-1", planned[0].start_at, 6, f"W{worker}") for worker in range(2)]

    paid = pay([rule], planned, [rows], LATER)

    assert visit_row(rule, paid.visits[0])["why"] == (
        "12 minutes were delivered of 2 × 45 minutes planned; the minutes delivered are paid, at most those planned, "
        "counting the time in which both workers were there together, and each worker is paid for at least 15 minutes "
        "where so much was planned: 30 minutes at £19.28 an hour."
    )
