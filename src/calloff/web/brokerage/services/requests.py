"""A request for support: drafted, sent, and approved by somebody else within a limit; then it is a package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from calloff.domain.calendar import local
from calloff.domain.errors import NoApplicableModelError, SeveralModelsError
from calloff.domain.market import Market
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.packages import Visit
from calloff.domain.placing import priced
from calloff.domain.question import Question
from calloff.domain.records import canonical, plain, revive
from calloff.domain.story import read_story
from calloff.domain.units import pence_per_week, pounds
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.brokerage.models import Package, PackageVersion, Person, Request, Stay
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import count_past, desk_for
from calloff.web.brokerage.services.refusals import ApprovalNeededError, RefusedError, SamePersonError
from calloff.web.contracts.models import ModelVersion
from calloff.web.contracts.services.market import counters_of, document_of, enrolled, pools_of, version_for
from calloff.web.directory.models import Area, Council
from calloff.web.directory.services import draw, spoken_reference
from calloff.web.jobs import services as jobs

SHORT_VISIT_MINUTES = 30
"""Below this a visit needs a reason and agreement (NICE, DOMAIN 3.2)."""
PERSONAL_TASKS = ("washing", "dressing", "feeding")
"""Tasks for which a short visit brings a hard warning."""


@dataclass(frozen=True)
class Wanted:
    """
    What a request asks for: the kernel's facts without reference and approval, and what only people read.

    `short_visit_reason` is needed where a visit is shorter than half an hour.
    """

    visits: tuple[Visit, ...]
    required_start_on: date
    priority: int
    needs: frozenset[str] = frozenset()
    complexity: frozenset[str] = frozenset()
    service_type: str = "care_at_home"
    care_type: str = "personal_care"
    client_group: str = "older_people"
    delivery_model: str = "managed"
    chosen_provider: str = ""
    current_provider: str = ""
    current_since: date | None = None
    exclusions: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    short_visit_reason: str = ""
    short_visits_agreed: bool = False
    outcomes: str = ""
    preferences: str = ""

    @property
    def minutes_per_week(self) -> int:
        return sum(visit.worker_minutes for visit in self.visits)


def form_of(wanted: Wanted) -> str:
    """What was asked for, as it is stored."""
    return canonical(plain(wanted)).decode()


def wanted_of(request: Request) -> Wanted:
    """What a sent request asks for."""
    found: Wanted = revive(Wanted, json.loads(request.form))
    return found


def problems(wanted: Wanted) -> list[tuple[str, str]]:
    """What keeps a request from being sent, each with the field it is about; nothing when it may go."""
    found = []
    if not wanted.visits:
        found.append(("visits", "Enter at least one visit"))
    if any(visit.minutes < SHORT_VISIT_MINUTES for visit in wanted.visits):
        if not wanted.short_visit_reason.strip():
            found.append(("short_visit_reason", "Say why a visit is shorter than 30 minutes"))
        if not wanted.short_visits_agreed:
            found.append(("short_visits_agreed", "Confirm that the person agreed to visits shorter than 30 minutes"))
    return found


def warnings(wanted: Wanted) -> list[str]:
    """What whoever asks and whoever approves must have seen: washing, dressing or feeding in a short visit."""
    short = any(visit.minutes < SHORT_VISIT_MINUTES for visit in wanted.visits)
    tasks = [task for task in PERSONAL_TASKS if task in wanted.tasks]
    if short and tasks:
        return [f"A visit shorter than 30 minutes is asked for {' and '.join(tasks)}: that is rarely enough time."]
    return []


def save_draft(
    *, request: Request | None, council: Council, person: Person | None, form: Mapping[str, Any], by: User, at: datetime
) -> Request:
    """Keep a request as typed; whoever drafts it sends it, or throws it away."""
    with act(council=council.pk, by=by, at=at) as doing:
        if request is None:
            request = Request(
                council=council,
                reference=spoken_reference("R"),
                raised_by=by,
                raised_identity=by.identity_id,
                raised_at=doing.at,
            )
        if request.state != Request.DRAFT or request.raised_identity != by.identity_id:
            raise RefusedError("Only your own drafts can be changed. Nothing was saved.")
        request.person, request.form, request.touched_at = person, json.dumps(dict(form)), doing.at
        request.save()
        doing.record("request_drafted", request.reference)
    return request


def raise_request(
    *,
    council: Council,
    person: Person,
    wanted: Wanted,
    by: User,
    at: datetime,
    from_hub: bool = False,
    draft: Request | None = None,
    changes: Package | None = None,
) -> Request:
    """Send a request for approval. Raises RefusedError naming everything that is missing."""
    missing = problems(wanted)
    if missing:
        raise RefusedError("; ".join(text for _, text in missing) + ". Nothing was sent.")
    if person.died_on is not None:
        raise RefusedError("The person has died; no care can be asked for. Nothing was sent.")
    with act(council=council.pk, by=by, at=at) as doing:
        request = draft or Request(
            council=council,
            reference=spoken_reference("R"),
            raised_by=by,
            raised_identity=by.identity_id,
            raised_at=doing.at,
        )
        if request.state != Request.DRAFT:
            raise RefusedError(f"Request {request.reference} was sent already.")
        request.person, request.form, request.state = person, form_of(wanted), Request.WAITING
        request.from_hub, request.touched_at, request.raised_at = from_hub, doing.at, doing.at
        request.minutes_per_week, request.priority = wanted.minutes_per_week, wanted.priority
        request.changes_package = changes.reference if changes else ""
        request.save()
        for user in holders("approve_request", council_id=council.pk, on=local(doing.at).date()):
            if user.identity_id != by.identity_id:
                jobs.tell(
                    user,
                    "approval_waits",
                    request.reference,
                    council=council.pk,
                    key=f"approval-{request.pk}",
                    at=doing.at,
                    link=f"/requests/{request.reference}",
                )
        doing.record("request_raised", request.reference, {"minutes_per_week": request.minutes_per_week})
    return request


@dataclass(frozen=True)
class PriceRange:
    """The lowest and highest weekly price, in pence, among candidates that pass the gates; None without any."""

    lowest_pence: int | None
    highest_pence: int | None
    candidates: int


def price_range(request: Request, at: datetime) -> PriceRange:
    """What the care that is asked for would cost with those who pass the gates today."""
    council = Council.objects.get(pk=request.council_id)
    facts = facts_for(request, request.reference, at)
    try:
        version = version_for(council, facts, local(at).date())
    except (NoApplicableModelError, SeveralModelsError):
        return PriceRange(None, None, 0)
    return range_for(council, version, facts, at)


def range_for(council: Council, version: ModelVersion, facts: KernelPackage, at: datetime) -> PriceRange:
    """The same for a package that is not stored."""
    model = document_of(version).model
    market = enrolled(council, model)
    pools = pools_of(market)
    counters = counters_of(market, pools, model.takes_turns)
    count_past(council, model, market, counters, at)
    story = read_story(model, facts, [], at)
    question = Question(model, facts, Market(market.standing, counters), (), at, story)
    question.weigh()
    ground = market.standing.ground(model)
    prices = []
    for row in range(len(market.rows)):
        if question.failed[row] & question.tables.enforced == 0:
            cost, lines = priced(ground, facts, row, facts.visits)
            if lines:
                prices.append(pence_per_week(cost))
    return PriceRange(min(prices, default=None), max(prices, default=None), len(prices))


def facts_for(request: Request, reference: str, approved_at: datetime) -> KernelPackage:
    """A request as the kernel's package."""
    wanted, person = wanted_of(request), request.person
    if person is None:
        raise RefusedError("The request names no person.")
    area = Area.objects.select_related("locality", "council").get(pk=person.area_id)
    return KernelPackage(
        reference=reference,
        approved_at=approved_at,
        required_start_on=wanted.required_start_on,
        priority=wanted.priority,
        nation=area.council.nation,
        locality=area.locality.code,
        visits=tuple(sorted(wanted.visits, key=lambda visit: (visit.day, visit.start_minute))),
        area_band=area.area_band,
        service_type=wanted.service_type,
        care_type=wanted.care_type,
        delivery_model=wanted.delivery_model,
        client_group=wanted.client_group,
        age_group=age_group(person.born_on, local(approved_at).date()),
        needs=wanted.needs,
        complexity=wanted.complexity,
        exclusions=wanted.exclusions,
        chosen_provider=wanted.chosen_provider,
        current_provider=wanted.current_provider,
        current_since=wanted.current_since,
        easting=area.easting,
        northing=area.northing,
    )


def age_group(born_on: date, today: date) -> str:
    """The published age group of somebody on a day."""
    age = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    return "85+" if age >= 85 else "75-84" if age >= 75 else "65-74" if age >= 65 else "18-64"


def approve_request(
    *, request: Request, pence_per_week_at_most: int, limit_pence: int, by: User, at: datetime
) -> Package:
    """
    Approve weekly hours and a greatest weekly price: the request becomes a package.

    Raises SamePersonError for one's own request and ApprovalNeededError above one's own limit.
    """
    with act(council=request.council_id, by=by, at=at) as doing:
        again = Request.objects.select_related("person__area__locality").get(pk=request.pk)
        if again.state != Request.WAITING:
            raise RefusedError(f"Request {again.reference} does not wait for approval: it is {again.state}.")
        if again.raised_identity == by.identity_id:
            raise SamePersonError("Nobody approves what they asked for themselves. Nothing was approved.")
        if pence_per_week_at_most > limit_pence:
            raise ApprovalNeededError(
                f"You may approve up to {pounds(limit_pence)} a week; this needs somebody with a higher limit."
            )
        again.state, again.decided_by, again.decided_identity = Request.APPROVED, by, by.identity_id
        again.decided_at, again.touched_at = doing.at, doing.at
        again.approved_minutes_per_week, again.approved_pence_per_week = again.minutes_per_week, pence_per_week_at_most
        again.save()
        package = make_package(again, doing.at)
        tell_raiser(again, doing.at)
        data = {"package": package.reference, "pence_per_week_at_most": pence_per_week_at_most}
        doing.record("request_approved", package.reference, {**data, "request": again.reference})
    return package


def make_package(request: Request, at: datetime) -> Package:
    """The package of an approved request, governed by the model in force; the kernel is asked once for its row."""
    person = request.person
    if person is None:
        raise RefusedError("The request names no person.")
    council = Council.objects.get(pk=request.council_id)
    reference = spoken_reference("P")
    facts = facts_for(request, reference, at)
    version = version_for(council, facts, local(at).date())
    package = Package.objects.create(
        council=council,
        reference=reference,
        token=draw(),
        person=person,
        request=request,
        model_version=version,
        locality=person.area.locality,
        area=person.area,
        priority=facts.priority,
        approved_at=at,
        required_start_on=facts.required_start_on,
        price_ceiling_pence=request.approved_pence_per_week,
        minutes_per_week=facts.minutes_per_week,
        minutes_to_place=facts.minutes_per_week,
        two_workers=any(visit.workers > 1 for visit in facts.visits),
        next_action_at=at,
        changed_at=at,
    )
    write_stay(package)
    PackageVersion.objects.create(
        council=council,
        package=package,
        number=1,
        facts=canonical(plain(facts)).decode(),
        minutes_per_week=facts.minutes_per_week,
        from_at=at,
    )
    desk = desk_for(package, at)
    refresh(desk, ask_quietly(desk))
    return package


def write_stay(package: Package) -> None:
    """What the hub knows of a stay in hospital, in the package's row for the lists."""
    stay = Stay.objects.filter(person=package.person_id, discharged_on__isnull=True).first()
    package.in_hospital = stay is not None
    package.clinically_ready_on = stay.ready_on if stay else None
    package.waits_for = stay.waits_for if stay else "home"
    package.save(update_fields=("in_hospital", "clinically_ready_on", "waits_for"))


def refuse_request(*, request: Request, reason: str, by: User, at: datetime) -> None:
    """Say no, with a reason that goes back to whoever asked."""
    if not reason.strip():
        raise RefusedError("Write why. Nothing was refused.")
    with act(council=request.council_id, by=by, at=at) as doing:
        again = Request.objects.get(pk=request.pk)
        if again.state != Request.WAITING:
            raise RefusedError(f"Request {again.reference} does not wait for approval: it is {again.state}.")
        again.state, again.reason, again.decided_by = Request.REFUSED, reason, by
        again.decided_identity, again.decided_at, again.touched_at = by.identity_id, doing.at, doing.at
        again.save()
        tell_raiser(again, doing.at)
        doing.record("request_refused", again.reference)


def tell_raiser(request: Request, at: datetime) -> None:
    """Tell whoever asked what became of it."""
    jobs.tell(
        request.raised_by,
        "request_decided",
        request.reference,
        council=request.council_id,
        key=f"request-{request.pk}-{request.state}",
        at=at,
        link=f"/requests/{request.reference}",
    )


def withdraw_request(*, request: Request, by: User, at: datetime) -> None:
    """Take a request back before it is decided."""
    with act(council=request.council_id, by=by, at=at) as doing:
        again = Request.objects.get(pk=request.pk)
        if again.state not in (Request.DRAFT, Request.WAITING) or again.raised_identity != by.identity_id:
            raise RefusedError("Only your own request can be taken back, before it is decided.")
        again.state, again.touched_at = Request.WITHDRAWN, doing.at
        again.save()
        doing.record("request_withdrawn", again.reference)
