"""
Draws what no register holds: who is enrolled where, at what price, with how many minutes to spare.

The register says who there is; the document says how many of them it wants and what they may charge. All else is
drawn from a seed and said to be so, in a report and beside every enrolment: a scenario, never a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from calloff.documents.purchasing_models import Document
from calloff.domain.contracts import Enrolment, Pool, Suspension
from calloff.domain.errors import BadInputError
from calloff.domain.packages import BANDS
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel
from calloff.formats.contract_cells import numbered
from calloff.formats.packages import PackageRow
from calloff.formats.places import Place
from calloff.simulator.demand import EVERYWHERE, Cell, demand_of, groups_of
from calloff.simulator.enrol_grades import grades_told
from calloff.simulator.enrol_report import report_of
from calloff.simulator.enrolment_prices import draw_lines, full_cost
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.membership import (
    JOINING_DAYS,
    JOINING_PERCENT,
    candidates,
    choose_members,
    open_to_anybody,
)
from calloff.simulator.person_led import with_ways_of_leading
from calloff.simulator.profiles import ESSENTIAL, Profile, draw_profiles
from calloff.simulator.seats import Hall, Seat, seats_of
from calloff.simulator.spare_minutes import Taker, share_out

USUAL_START = date(2025, 3, 31)
"""The Monday on which a run begins where the document's term does not say (assumed)."""
CHOOSY_ROLES = ("member", "spot", "subcontractor", "legacy")
"""Who may choose groups to serve: a prime or a block must take whoever lives in its localities (EL24-28)."""
SUSPENDED_PERCENT = 3
SUSPENDED_FROM = (-30, 180)
SUSPENDED_DAYS = (14, 60)
"""Days before or after the declaration on which a suspension begins, and how long it lasts (assumed)."""


def enrol(
    document: Document,
    providers: Sequence[Provider],
    places: Sequence[Place],
    packages: Sequence[PackageRow],
    seed: int,
    declared_at: datetime | None = None,
) -> tuple[list[Enrolment], list[str]]:
    """
    Enrol the register's providers in a purchasing model, and report what was drawn and assumed.

    Parameters
    ----------
    providers
        The register; grades are left to the model's gates.
    places, packages
        May be empty: then there is one locality, and the demand of EL18-06.
    declared_at
        When spare minutes were declared; by default the file leaves that to the run, whose first moment it is then.

    Returns
    -------
    Enrolments by tier and reference, and the lines of the report. The same arguments give the same result, whatever
    the order of the rows. Spare minutes come to 110 % of demand in each locality and band, in all.

    Raises
    ------
    BadInputError
        When two enrolments would have the same reference.
    """
    model, draws = document.model, Draws(seed)
    packages, leading = with_ways_of_leading(model, packages, draws)
    moment = declared_at or default_moment(model)
    found = candidates(model, providers, moment.date())
    demand = demand_of(model, places, packages)
    groups = groups_of(model, places, demand)
    members = choose_members(model, len(groups), found, packages, draws)
    profiles = draw_profiles([*found.external, *found.in_house], model.groups_chosen_by_provider, draws)
    hall = Hall(model, demand.localities, groups, members, profiles, draws)
    seats = seats_of(hall, found.external)
    _refuse_twins(seats)
    wanted = {row.package.service_type for row in packages} or {"care_at_home"}
    takers = [_taker(seat, profiles) for seat in seats if seat.provider.service_types & wanted]
    spare = share_out(demand.spare, demand.care_types, takers)
    skills = _skills(hall, seats)
    local = {seat.provider.reference for seat in seats if seat.tier.role == "subcontractor"}
    enrolments = [
        _enrolment(
            hall,
            seat,
            spare.shares.get(seat.reference, {}),
            skills[seat.provider.reference],
            local,
            moment,
            declared_at,
        )
        for seat in seats
    ]
    tiers = [tier.name for tier in model.tiers]
    enrolments.sort(key=lambda one: (tiers.index(one.tier), one.reference))
    grades = grades_told(document, found, enrolments, moment.date())
    report = report_of(hall, found, demand, enrolments, spare, moment, declared_at is not None, grades)
    return enrolments, [*report, *leading]


def default_moment(model: PurchasingModel) -> datetime:
    """The moment about which suspensions are drawn: the first day of the term, or USUAL_START where that is over."""
    begun = model.term_applies and model.term.last_on >= USUAL_START
    return datetime.combine(model.term.from_on if begun else USUAL_START, time(8), UTC)


def assumed_of(enrolments: Sequence[Enrolment]) -> dict[str, str]:
    """What is assumed of each enrolment, by reference: the column `assumed` of contracts.csv."""
    return {enrolment.reference: _assumed(enrolment) for enrolment in enrolments}


def _assumed(enrolment: Enrolment) -> str:
    facts = {
        "localities": enrolment.localities,
        "lot": enrolment.lot,
        "price_lines": enrolment.price_lines,
        "spare_minutes": enrolment.pools,
        "block_minutes": enrolment.block_minutes,
        "capabilities": enrolment.capabilities,
        "client_groups": enrolment.client_groups,
        "age_groups": enrolment.age_groups,
        "ultimate_parent": enrolment.ultimate_parent,
        "subcontractors": enrolment.subcontractors,
        "suspensions": enrolment.suspensions,
        "from": enrolment.from_on,
        "full_cost_gbp_per_hour": enrolment.full_cost_centipence_per_hour,
    }
    named = ", ".join(name for name, value in facts.items() if value)
    documents = "to is" if enrolment.from_on else "from and to are"
    return f"drawn or assumed, not known: tier, local, quality_score, {named}; {documents} the document's"


def _refuse_twins(seats: Sequence[Seat]) -> None:
    seen: set[str] = set()
    for seat in seats:
        if seat.reference in seen:
            raise BadInputError(f"two enrolments would be called {seat.reference}; rename a provider or a tier")
        seen.add(seat.reference)


def _taker(seat: Seat, profiles: Mapping[str, Profile]) -> Taker:
    return Taker(
        seat.reference,
        seat.tier.role,
        profiles[seat.provider.reference].size,
        seat.lot,
        seat.localities,
        seat.bands,
        single=seat.offer or seat.tier.role == "block",
    )


def _skills(hall: Hall, seats: Sequence[Seat]) -> dict[str, frozenset[str]]:
    """Each provider's capabilities; where nobody of a tier in a locality has an essential one, one of them gets it."""
    skills = {reference: profile.capabilities for reference, profile in hall.profiles.items()}
    for tier in hall.model.tiers:
        of_tier = [seat for seat in seats if seat.tier == tier]
        for locality in hall.localities:
            there = {seat.provider.reference for seat in of_tier if not seat.localities or locality in seat.localities}
            for name in ESSENTIAL:
                if there and not any(name in skills[reference] for reference in there):
                    chosen = hall.draws.order(there, "essential", name)[0]
                    skills[chosen] |= {name}
    return skills


def _enrolment(
    hall: Hall,
    seat: Seat,
    shares: Mapping[Cell, int],
    skills: frozenset[str],
    local: set[str],
    moment: datetime,
    declared_at: datetime | None,
) -> Enrolment:
    model, tier, key = hall.model, seat.tier, seat.provider.reference
    profile = hall.profiles[key]
    choosy = tier.role in CHOOSY_ROLES
    # An offer of a capacity book has a price of its own; other enrolments share their provider's.
    drawn_for = (seat.reference,) if seat.offer else (tier.name, key)
    lines = draw_lines(model, tier, seat.lot, hall.draws, *drawn_for, offer=seat.offer)
    return Enrolment(
        reference=seat.reference,
        provider=key,
        tier=tier.name,
        role=tier.role,
        lot=seat.lot,
        localities=_areas(seat.localities) if model.localities_apply else frozenset(),
        price_lines=numbered(seat.reference, lines),
        pools=() if tier.role == "block" else _pools(seat, shares, declared_at),
        block_minutes=sum(shares.values()) if tier.role == "block" else 0,
        capabilities=skills,
        client_groups=profile.client_groups if choosy else frozenset(),
        age_groups=profile.age_groups if choosy else frozenset(),
        ultimate_parent=profile.parent,
        local=profile.local or key in local,
        subcontractors=seat.subcontractors,
        suspensions=_suspensions(hall, seat, moment.date()),
        from_on=_joins_on(hall, seat, moment.date()),
        quality_score=profile.quality_score,
        full_cost_centipence_per_hour=full_cost(model, tier, lines),
    )


def _areas(localities: frozenset[str]) -> frozenset[str]:
    """Localities as a contract names them: EVERYWHERE is no name of a place, and none means all."""
    return localities - {EVERYWHERE}


def _pools(seat: Seat, shares: Mapping[Cell, int], declared_at: datetime | None) -> tuple[Pool, ...]:
    """One pool for an offer of a capacity book, else one for each locality and band."""
    if seat.offer:
        minutes = sum(shares.values())
        return (Pool(minutes, declared_at, _areas(seat.localities), seat.bands),) if minutes else ()
    ordered = sorted(shares, key=lambda cell: (cell[0], BANDS.index(cell[1])))
    return tuple(
        Pool(shares[cell], declared_at, _areas(frozenset({cell[0]})), frozenset({cell[1]})) for cell in ordered
    )


def _suspensions(hall: Hall, seat: Seat, on: date) -> tuple[Suspension, ...]:
    """A few members are, were or will be closed to new work, near the day of the declaration."""
    key = (seat.tier.name, seat.provider.reference)
    if seat.tier.role != "member" or not hall.draws.chance(SUSPENDED_PERCENT, "suspended", *key):
        return ()
    first = on + timedelta(days=hall.draws.between(*SUSPENDED_FROM, "suspended from", *key))
    length = hall.draws.between(*SUSPENDED_DAYS, "suspended for", *key)
    return (Suspension(first, first + timedelta(days=length - 1)),)


def _joins_on(hall: Hall, seat: Seat, on: date) -> date | None:
    """The day on which a member begins, where it has still to be decided on; none where it is one from the first."""
    key = (seat.tier.name, seat.provider.reference)
    joins = open_to_anybody(hall.model, seat.tier) and hall.draws.chance(JOINING_PERCENT, "joins", *key)
    return on + timedelta(days=hall.draws.between(*JOINING_DAYS, "joins after", *key)) if joins else None
