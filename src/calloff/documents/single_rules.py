"""What a document says in its single rules: the term, tiers, grades, splitting, ties, the quota and the like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from calloff.documents.reader import GROUND, Reader
from calloff.documents.steps import read_conditions, read_keys
from calloff.documents.tree import Node
from calloff.domain.contracts import ROLES, Term
from calloff.domain.packages import SignificantChange
from calloff.domain.providers import SCALES
from calloff.domain.purchasing_model import STANDARD_TIES, GradeRule, Key, Quota, Splitting, Tier


def read_term(reader: Reader, node: Node | None) -> Term:
    if node is None:
        return Term(date.min, date.max)
    table = reader.table(node, ("from", "to", "extension_years", "extended_years", *GROUND), ["from", "to"])
    entries = table.entries
    term = Term(
        reader.day(entries.get("from"), date.min),
        reader.day(entries.get("to"), date.max.replace(year=9000)),
        reader.whole(entries.get("extension_years"), 0, 0, 20),
        reader.whole(entries.get("extended_years"), 0, 0, 20),
    )
    if term.from_on > term.to_on:
        reader.refuse(node, "the term ends before it begins", "Exchange `from` and `to`")
    if term.extended_years > term.extension_years:
        problem = f"{term.extended_years} years were exercised of {term.extension_years} in the contract"
        reader.refuse(node, problem, "An out-of-contract extension is no option: state it as a contract of its own")
    return term


def read_tier(reader: Reader, node: Node) -> Tier:
    table = reader.table(node, ("name", "role", "count", "per_locality", "per_lot", *GROUND), ["name", "role"])
    reader.ground(table, f"the tier `{reader.text(table.entries.get('name'))}`")
    return Tier(
        reader.text(table.entries.get("name")),
        reader.word(table.entries.get("role"), ROLES, "member"),
        reader.whole(table.entries.get("count"), 0, 1, 1000),
        reader.yes(table.entries.get("per_locality"), False),
        reader.yes(table.entries.get("per_lot"), False),
    )


def read_grade(reader: Reader, node: Node, tiers: Sequence[Tier]) -> GradeRule:
    table = reader.table(
        node, ("rule", "scale", "grade", "unrated", "when", "tiers", *GROUND), ["rule", "scale", "grade"]
    )
    reader.ground(table, "the admission rule")
    entries = table.entries
    reader.word(entries.get("rule"), ("minimum_grade",), "minimum_grade")
    scale = reader.word(entries.get("scale"), tuple(SCALES), "care_inspectorate")
    words = SCALES[scale]
    grade = reader.text(entries.get("grade"), "1")
    if grade in words:
        grade = str(words[grade])
    if not grade.isdigit() or int(grade) not in words.values():
        known = ", ".join(f"{number} ({word})" for word, number in words.items())
        reader.refuse(entries.get("grade", table), f"`{grade}` is no grade of {scale}", f"Write one of: {known}")
        grade = "1"
    return GradeRule(
        scale,
        int(grade),
        reader.word(entries.get("unrated"), ("fails", "passes"), "fails"),
        read_conditions(reader, entries.get("when")),
        reader.words(entries.get("tiers"), tuple(tier.name for tier in tiers)),
    )


def read_capacity(reader: Reader, node: Node | None) -> tuple[str, int]:
    """When declared minutes are tested, and for how many days a declaration holds."""
    if node is None:
        return "turn", 14
    table = reader.table(node, ("test", "declaration_days", *GROUND), ["test"])
    return (
        reader.word(table.entries.get("test"), ("turn", "gate"), "turn"),
        reader.whole(table.entries.get("declaration_days"), 14, 1, 366),
    )


def read_localities(reader: Reader, node: Node | None) -> bool:
    if node is None:
        return True
    table = reader.table(node, ("zones", *GROUND), ["zones"])
    return reader.word(table.entries.get("zones"), ("none", "by_contract"), "by_contract") == "by_contract"


def read_splitting(reader: Reader, node: Node | None) -> Splitting | None:
    if node is None:
        return None
    table = reader.table(node, ("most_providers", *GROUND), ["most_providers"])
    return Splitting(reader.whole(table.entries.get("most_providers"), 2, 2, 5))


def read_other_times(reader: Reader, node: Node | None) -> str:
    if node is None:
        return "refused"
    table = reader.table(node, ("within", *GROUND), ["within"])
    return reader.word(table.entries.get("within"), ("same_band",), "same_band")


def read_ties(reader: Reader, node: Node | None) -> tuple[Key, ...]:
    if node is None:
        return tuple(Key(criterion) for criterion in STANDARD_TIES)
    table = reader.table(node, ("order", *GROUND), ["order"])
    return read_keys(reader, table.entries.get("order"))


def read_quota(reader: Reader, node: Node | None) -> Quota | None:
    if node is None:
        return None
    table = reader.table(
        node, ("minimum_percent", "grace_months", "denominator", *GROUND), ["minimum_percent", "denominator"]
    )
    return Quota(
        reader.whole(table.entries.get("minimum_percent"), 0, 1, 100),
        reader.whole(table.entries.get("grace_months"), 0, 0, 60),
        reader.word(table.entries.get("denominator"), ("accepted", "referred"), "accepted"),
    )


def read_step_in(reader: Reader, node: Node | None) -> bool:
    if node is None:
        return False
    table = reader.table(node, ("redirects", *GROUND), ["redirects"])
    return reader.word(table.entries.get("redirects"), ("new_referrals",), "new_referrals") == "new_referrals"


def read_threshold(reader: Reader, node: Node | None) -> SignificantChange | None:
    if node is None:
        return None
    table = reader.table(node, ("more_than_percent", "workers", "care_type", *GROUND), ["more_than_percent"])
    return SignificantChange(
        reader.whole(table.entries.get("more_than_percent"), 25, 0, 1000),
        reader.yes(table.entries.get("workers"), True),
        reader.yes(table.entries.get("care_type"), True),
    )


def read_baseline(reader: Reader, node: Node | None) -> None:
    """Hours bought need a period; an implied price an hour that nobody pays is a sign of the wrong one."""
    if node is None:
        return
    table = reader.table(node, ("hours", "period", "people", "yearly_cost_gbp", *GROUND), ["hours"])
    reader.ground(table, "the baseline")
    hours = reader.whole(table.entries.get("hours"), 1, 1, 100_000_000)
    if "period" not in table.entries:
        reader.refuse(table, f"{hours} hours have no period", "Add `period: week` or `period: year`")
        return
    weeks = 52 if reader.word(table.entries["period"], ("week", "year"), "week") == "week" else 1
    if "yearly_cost_gbp" in table.entries:
        pounds = reader.whole(table.entries["yearly_cost_gbp"], 0, 0, 10_000_000_000)
        implied = pounds / (hours * weeks)
        if not 5 <= implied <= 100:
            problem = (
                f"{hours} hours a {reader.text(table.entries['period'])} for £{pounds} a year is £{implied:.2f} an hour"
            )
            reader.refuse(table.entries["period"], problem, "Check the period: 5 to 100 pounds an hour is plausible")
