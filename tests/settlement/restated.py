"""
Settlement stated a second time, in SQL for DuckDB, from DOMAIN alone: it imports nothing of ours.

`answers` takes the columns of planned visits, logs and rules as plain lists and gives, by visit and by log, what
settlement must give. Numbers stand for what they mean in the tables below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

RULE_COLUMNS = (
    "basis",
    "tolerance",
    "round_to",
    "capped",
    "no_pay_below",
    "least",
    "overlap",
    "short_notice",
    "no_access",
    "no_access_a_week",
    "retainer",
    "short",
    "very_short",
    "steps_from",
    "steps_to",
    "hour_pence",
)

MATCHED = """
create or replace table paired as
with near as (
  select l.id as log, p.id as visit,
         row_number() over (partition by l.id order by abs(l.came - p.starts), p.starts, p.id) as nth
  from logs l join planned p on p.groups = l.groups
  where l.named = -1 and l.came between p.begins and p.ends and abs(l.came - p.starts) <= 172800
)
select l.id as log, coalesce(n.visit, case when l.named >= 0 then l.named end) as visit, l.named < -1 as parked
from logs l left join near n on n.log = l.id and n.nth = 1;

-- The workers of a visit in the order of their nearest log that is closed; so many count as were planned.
create or replace table ranked as
with closed as (
  select d.log, d.visit, l.workers as worker, l.came, l.lefts,
         row_number() over (partition by d.visit order by abs(l.came - p.starts), l.id) as nth
  from paired d join logs l on l.id = d.log join planned p on p.id = d.visit
  where d.visit is not null and l.lefts <> -1
), firsts as (
  select visit, worker, row_number() over (partition by visit order by min(nth)) as place
  from closed group by visit, worker
)
select c.*, f.place <= p.workers as counts,
       row_number() over (partition by c.visit, c.worker order by c.nth) as own
from closed c join firsts f using (visit, worker) join planned p on p.id = c.visit;

-- Of a counted worker's logs each is kept that lies over none kept before it.
create or replace table kept as
with recursive step as (
  select visit, worker, own, log, [{'came': came, 'lefts': lefts}] as spans, true as keeps
  from ranked where counts and own = 1
  union all
  select r.visit, r.worker, r.own, r.log,
         case when len(list_filter(s.spans, lambda o: least(o.lefts, r.lefts) > greatest(o.came, r.came))) > 0
              then s.spans else list_append(s.spans, {'came': r.came, 'lefts': r.lefts}) end,
         len(list_filter(s.spans, lambda o: least(o.lefts, r.lefts) > greatest(o.came, r.came))) = 0
  from step s join ranked r on r.visit = s.visit and r.worker = s.worker and r.own = s.own + 1
)
select visit, worker, own, log, keeps from step;

create or replace table log_answers as
select l.id as log, coalesce(d.visit, -1) as visit,
       case when d.parked then 6
            when d.visit is null then 4
            when l.lefts = -1 then 5
            when not r.counts then 3
            when r.own = 1 then 0
            when k.keeps then 1
            else 2 end as is_a
from logs l join paired d on d.log = l.id
left join ranked r on r.log = l.id left join kept k on k.log = l.id;
"""

HAPPENED = """
-- One row a visit and counted worker: the minutes of all kept stretches together, half a minute up.
create or replace table attended as
select a.visit, k.worker, sum(l.lefts - l.came) as seconds, min(l.came) as came,
       (sum(l.lefts - l.came) + 30) // 60 as minutes, any_value(f.met) as met, any_value(f.id) as first_log
from kept k join log_answers a on a.log = k.log join logs l on l.id = k.log
join (select k2.visit, k2.worker, l2.met, l2.id from kept k2 join logs l2 on l2.id = k2.log where k2.own = 1) f
  on f.visit = k.visit and f.worker = k.worker
where k.keeps group by a.visit, k.worker;

create or replace table at_once as
select distinct a.id as log from logs a join logs b
  on a.workers = b.workers and a.groups <> b.groups and a.lefts > a.came and b.lefts > b.came
 and least(a.lefts, b.lefts) > greatest(a.came, b.came);

create or replace table happened as
with marks as (
  select a.visit, max(case when o.log is not null then 64 else 0 end) as elsewhere,
         max(case when a.is_a = 5 then 1 else 0 end) as not_left
  from log_answers a left join at_once o on o.log = a.log where a.visit >= 0 group by a.visit
), work as (
  select visit,
         count(*) filter (where met = 0) as attended, count(*) filter (where met > 0) > 0 as turned_away,
         count(*) filter (where met = 2) > 0 as in_hospital,
         min(minutes) filter (where met = 0) as shortest,
         coalesce(sum(minutes) filter (where met = 0), 0) as worked
  from attended group by visit
), arrived as (
  -- When the first of those came who were let in.
  select k.visit, min(l.came) as came from kept k join logs l on l.id = k.log
  where k.keeps and l.met = 0 group by k.visit
), waiting as (
  select distinct p.id as visit from planned p join logs l on l.groups = p.groups
  join log_answers a on a.log = l.id
  where a.is_a not in (0, 1, 2) and abs(l.came - p.starts) <= 10800
), told as (
  select p.*, r.*, coalesce(w.attended, 0) as attended, coalesce(w.turned_away, false) as turned_away,
         coalesce(w.in_hospital, false) as in_hospital, w.shortest, coalesce(w.worked, 0) as worked, v.came,
         coalesce(m.elsewhere, 0) as elsewhere, coalesce(m.not_left, 0) as not_left,
         y.visit is not null as waits
  from planned p join rules r on r.rule = p.rule_of
  left join work w on w.visit = p.id left join arrived v on v.visit = p.id
  left join marks m on m.visit = p.id left join waiting y on y.visit = p.id
)
select *, case
    when stopped = 4 then 7
    when stopped = 5 then 8
    when attended > 0 then 2
    when turned_away then 3
    when stopped = 3 then 4
    when stopped = 2 then 5
    when stopped = 1 then 6
    when waits or not_left = 1 then 8
    when $as_of > ends then 9
    else 0 end as reason
from told;

create or replace table noticed as
select id as visit, reason, in_hospital, worked,
  elsewhere + case when not_left = 1 then 32 else 0 end + case when reason = 2 then
      case when came > windows_to then 1 when came < windows_from then 2 else 0 end
    + case when shortest * 100 < minutes * short or shortest * 100 < minutes * very_short then 4 else 0 end
    + case when shortest * 100 < minutes * very_short then 8 else 0 end
    + case when attended < workers then 16 else 0 end
    + case when shortest * 100 < minutes * very_short and basis in (0, 3) then 128 else 0 end
  else 0 end as marks
from happened;
"""

PRICED = """
create or replace macro payable(basis, actual, planned, extra, tolerance, round_to, capped, no_pay_below, least_paid) as
  case when actual < no_pay_below then 0 else greatest(
    case basis
      when 0 then greatest(planned, least(actual, planned + extra))
      when 1 then case when capped = 1 then least(actual, planned + extra) else actual end
      when 2 then case when abs(actual - planned) <= tolerance then planned
                       when capped = 1 then least(actual, planned + extra) else actual end
      when 3 then least((actual + tolerance) // 15 * 15, planned + extra)
      when 4 then case when capped = 1
                       then least((2 * actual + round_to) // (2 * round_to) * round_to, planned + extra)
                       else (2 * actual + round_to) // (2 * round_to) * round_to end
      else least(actual, planned + extra) end,
    least(least_paid, planned)) end;

create or replace table shares as
select h.id as visit, h.reason, h.in_hospital,
  case when h.reason = 2 then 100
       when h.reason = 4 then h.short_notice
       when h.reason = 5 then h.retainer
       when h.reason = 3 and (h.in_hospital or count(*) filter (where h.reason = 3 and not h.in_hospital)
            over (partition by h.groups, h.run_of_weeks order by h.id) <= h.no_access_a_week) then h.no_access
       else 0 end as percent
from (
  select *, sum(turn) over (order by id) as run_of_weeks from (
    select *, case when lag(groups) over (order by id) = groups and lag(weeks) over (order by id) = weeks
                   then 0 else 1 end as turn from happened)
) h;

-- One row a worker who is paid: those who came in, or where nobody could, those planned at the planned minutes.
create or replace table paid_workers as
select h.id as visit, t.worker,
       payable(h.basis, t.minutes, h.minutes, h.extra_minutes, h.tolerance, h.round_to, h.capped, h.no_pay_below,
               h.least) as minutes
from happened h join attended t on t.visit = h.id and t.met = 0 join shares s on s.visit = h.id
where s.percent > 0 and h.reason = 2
union all
select h.id, n.number, h.minutes from happened h join shares s on s.visit = h.id
join (select unnest(range(1, 3)) as number) n on n.number <= h.workers
where s.percent > 0 and h.reason <> 2;

-- The price of the highest step reached and the further minutes of the hour, never above the next step.
create or replace table stepped as
with places as (
  select w.visit, w.minutes, h.rule_of, h.hour_pence,
    (select min(minutes) from steps y where y.rule = h.rule_of) as first,
    (select max(minutes) from steps y where y.rule = h.rule_of and y.minutes <= w.minutes) as reached,
    (select min(minutes) from steps y where y.rule = h.rule_of and y.minutes > w.minutes) as following
  from paid_workers w join happened h on h.id = w.visit and h.basis = 5
)
select p.visit, any_value(p.first) as scale,
  sum(case when p.reached is null then p.minutes * f.pence * 60
      else p.first * least(x.pence * 60 + (p.minutes - p.reached) * p.hour_pence,
                           coalesce(z.pence * 60, 9000000000000)) end) as cost
from places p
join steps f on f.rule = p.rule_of and f.minutes = p.first
left join steps x on x.rule = p.rule_of and x.minutes = p.reached
left join steps z on z.rule = p.rule_of and z.minutes = p.following
group by p.visit;

create or replace table together as
select h.id as visit, (sum(greatest(0, least(a.lefts, b.lefts) - greatest(a.came, b.came))) + 30) // 60 as minutes
from happened h
join (select visit, min(worker) as one, max(worker) as other from attended where met = 0
      group by visit having count(*) = 2) pair on pair.visit = h.id
join kept k on k.visit = h.id and k.keeps and k.worker = pair.one join logs a on a.id = k.log
join kept q on q.visit = h.id and q.keeps and q.worker = pair.other join logs b on b.id = q.log
where h.overlap = 1 group by h.id;

create or replace table visit_answers as
with sums as (
  select visit, count(*) as workers_paid, sum(minutes) as total, min(minutes) as smaller
  from paid_workers group by visit
), counted as (
  select h.*, s.percent, w.workers_paid, t.minutes as at_once,
    case when t.visit is not null and h.reason = 2 and s.percent > 0
         then payable(h.basis, t.minutes, h.minutes, 0, h.tolerance, h.round_to, h.capped, h.no_pay_below, h.least)
         else w.smaller end as smaller_paid,
    w.total as plain_total
  from happened h join shares s on s.visit = h.id left join sums w on w.visit = h.id
  left join together t on t.visit = h.id
), summed as (
  select *, case when at_once is not null and reason = 2 and percent > 0
      then 2 * smaller_paid + least(greatest(worked - 2 * at_once, 0), extra_minutes)
      else coalesce(plain_total, 0) end as total
  from counted
)
select c.id as visit, n.reason, n.marks, n.worked, c.total as paid_minutes,
  (2 * q.cost * c.percent + 600000::hugeint * q.scale) // (2 * 600000::hugeint * q.scale) as pence
from summed c join noticed n on n.visit = c.id left join stepped s on s.visit = c.id,
lateral (select
  case when c.basis = 5 then coalesce(s.cost, 0) * 100
       when c.per_visit = 1 then case when c.total > 0 then c.workers_paid * c.rates::hugeint * 60 else 0 end
       when c.pair_rates > 0 and c.workers_paid > 1
         then c.smaller_paid * c.pair_rates::hugeint + (c.total - 2 * c.smaller_paid) * c.rates::hugeint
       else c.total * c.rates::hugeint end as cost,
  case when c.basis = 5 then coalesce(s.scale, 1) else 1 end as scale) q
order by c.id;
"""


def answers(
    planned: Mapping[str, Sequence[int]],
    logs: Mapping[str, Sequence[int]],
    rules: Sequence[int],
    steps: Sequence[int],
    as_of: int,
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """By visit: reason, marks, minutes worked and paid, pence. By log: the visit or -1, and what it is."""
    database = duckdb.connect()
    _fill(database, "planned", planned)
    _fill(database, "logs", {("lefts" if name == "left" else name): column for name, column in logs.items()})
    width = len(RULE_COLUMNS)
    of_rule = [rules[first : first + width] for first in range(0, len(rules), width)]
    columns = {name: [one[place] for one in of_rule] for place, name in enumerate(RULE_COLUMNS)}
    _fill(database, "rules", {"rule": list(range(len(of_rule))), **columns})
    pairs = [
        (rule, steps[2 * place], steps[2 * place + 1])
        for rule, one in enumerate(of_rule)
        for place in range(one[-3], one[-2])
    ]
    database.execute("create table steps (rule bigint, minutes bigint, pence bigint)")
    if pairs:
        database.executemany("insert into steps values (?, ?, ?)", pairs)
    for statement in _statements(MATCHED + HAPPENED + PRICED):
        database.execute(statement, {"as_of": as_of} if "$as_of" in statement else None)
    visits = database.execute(
        "select reason, marks, worked, paid_minutes, pence from visit_answers order by visit"
    ).fetchall()
    found = database.execute("select visit, is_a from log_answers order by log").fetchall()
    return [tuple(map(int, one)) for one in visits], [tuple(map(int, one)) for one in found]


def _statements(text: str) -> list[str]:
    return [one for one in text.split(";\n") if one.strip()]


def _fill(database: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Sequence[int]]) -> None:
    import numpy

    held = {column: numpy.asarray(values, dtype=numpy.int64) for column, values in columns.items()}
    held["id"] = numpy.arange(len(next(iter(held.values()))), dtype=numpy.int64)
    database.register("given", held)
    database.execute(f"create table {name} as select * from given")
    database.unregister("given")
