"""A request for support: drafted, sent, and approved by somebody else within a limit; then it is a package."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calloff.domain.calendar import local
from calloff.domain.decisions import Wait
from calloff.domain.errors import CalloffError, NoApplicableModelError, SeveralModelsError
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
from calloff.web.brokerage.models import Package, PackageVersion, Person, Request, SavedForm, Stay
from calloff.web.brokerage.services import lots
from calloff.web.brokerage.services.agreements import agreed
from calloff.web.brokerage.services.carrying import look_again_on
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import count_past, desk_for, facts_of
from calloff.web.brokerage.services.refusals import ApprovalNeededError, RefusedError, SamePersonError
from calloff.web.contracts.models import ModelVersion
from calloff.web.contracts.services.market import counters_of, document_of, enrolled, pools_of, version_for
from calloff.web.directory.models import Area, Council
from calloff.web.directory.services import draw, spoken_reference
from calloff.web.jobs import services as jobs

SHORT_VISIT_MINUTES = 30
"""Below this a visit needs a reason and agreement (NICE, DOMAIN 3.2)."""
LEAST_GAP_MINUTES = 120
"""Between two visits of a day (assumed)."""
TASKS = (
    "washing",
    "dressing",
    "feeding",
    "toilet",
    "moving",
    "medicines",
    "meals",
    "skin_care",
    "company",
    "welfare_check",
    "household",
    "going_out",
)
PERSONAL_TASKS = ("washing", "dressing", "feeding")
"""Tasks for which a short visit brings a hard warning."""
CHANGE_PRIORITY = 6
EXCLUSION_REASONS = ("earlier_breakdown", "conflict_of_interest", "refused_by_person", "other")


@dataclass(frozen=True)
class Line:
    """
    One row of the weekly pattern as it was asked for: a visit on each of its days, Monday being 0.

    It begins at `start_minute`, or at any time from then until `until_minute`, where that is not 0.
    """

    days: tuple[int, ...]
    start_minute: int
    minutes: int
    workers: int = 1
    critical: bool = False
    until_minute: int = 0
    tasks: frozenset[str] = frozenset()

    @property
    def visits(self) -> tuple[Visit, ...]:
        return tuple(Visit(day, self.start_minute, self.minutes, self.workers, self.critical) for day in self.days)


@dataclass(frozen=True)
class Wanted:
    """
    What a request asks for: the kernel's facts without reference and approval, and what only people read.

    `short_visit_reason` is needed where a visit is shorter than half an hour. `exclusion_reasons` are pairs of a
    provider and why the person is not to have it.
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
    lines: tuple[Line, ...] = ()
    short_visit_warning_seen: bool = False
    choice_words: str = ""
    exclusion_reasons: tuple[tuple[str, str], ...] = ()

    @property
    def minutes_per_week(self) -> int:
        return sum(visit.worker_minutes for visit in self.visits)

    @property
    def short_visits(self) -> bool:
        """Whether any visit is shorter than half an hour."""
        return any(visit.minutes < SHORT_VISIT_MINUTES for visit in self.visits)

    @property
    def hurried_tasks(self) -> tuple[str, ...]:
        """Washing, dressing or feeding in a visit shorter than half an hour; of the whole request without its rows."""
        tasks = self.tasks if self.short_visits and not self.lines else frozenset()
        for line in self.lines:
            if line.minutes < SHORT_VISIT_MINUTES:
                tasks |= line.tasks
        return tuple(task for task in PERSONAL_TASKS if task in tasks)


def form_of(wanted: Wanted) -> str:
    """What was asked for, as it is stored."""
    return canonical(plain(wanted)).decode()


def wanted_of(request: Request) -> Wanted:
    """What a sent request asks for."""
    found: Wanted = revive(Wanted, json.loads(request.form))
    return found


def lines_of(visits: Iterable[Visit]) -> tuple[Line, ...]:
    """A pattern as rows: visits that are alike on different days stand in one."""
    days: dict[tuple[int, int, int, bool], list[int]] = {}
    for visit in sorted(visits, key=lambda one: (one.start_minute, one.day)):
        rows = days.setdefault((visit.start_minute, visit.minutes, visit.workers, visit.critical), [])
        rows.append(visit.day)
    return tuple(
        Line(tuple(sorted(set(on))), start, minutes, workers, critical)
        for (start, minutes, workers, critical), on in days.items()
    )


def problems(wanted: Wanted) -> list[tuple[str, str]]:
    """What keeps a request from being sent, each with the field it is about; nothing when it may go."""
    found = []
    if not wanted.visits:
        found.append(("visits", _("Enter at least one visit")))
    if wanted.short_visits:
        if not wanted.short_visit_reason.strip():
            found.append(("short_visit_reason", _("Say why a visit is shorter than 30 minutes")))
        if not wanted.short_visits_agreed:
            found.append(("short_visits_agreed", _("Confirm that the person agreed to visits shorter than 30 minutes")))
    if wanted.lines and wanted.hurried_tasks and not wanted.short_visit_warning_seen:
        found.append(("short_visit_warning_seen", _("Tick that you have seen the warning about short visits")))
    return found


def warnings(wanted: Wanted) -> list[str]:
    """What whoever asks and whoever approves must have seen: hurried personal care, and visits close together."""
    found = []
    if wanted.hurried_tasks:
        named = {"washing": _("washing"), "dressing": _("dressing"), "feeding": _("feeding")}
        tasks = _(" and ").join(named[task] for task in wanted.hurried_tasks)
        found.append(
            _("A visit shorter than 30 minutes is asked for %(tasks)s: that is rarely enough time.") % {"tasks": tasks}
        )
    closest = least_gap(wanted.visits)
    if closest is not None and closest < LEAST_GAP_MINUTES:
        found.append(
            _("Two visits of one day are %(minutes)d minutes apart; usual is 2 hours at least (assumed).")
            % {"minutes": closest}
            if closest > 0
            else _("Two visits of one day touch or overlap; usual is a gap of 2 hours at least (assumed).")
        )
    return found


def least_gap(visits: Iterable[Visit]) -> int | None:
    """The fewest minutes between the end of a visit and the next one of its day; None where no day has two."""
    by_day: dict[int, list[Visit]] = {}
    for visit in sorted(visits, key=lambda one: (one.day, one.start_minute)):
        by_day.setdefault(visit.day, []).append(visit)
    gaps = [
        after.start_minute - (before.start_minute + before.minutes)
        for on in by_day.values()
        for before, after in pairwise(on)
    ]
    return min(gaps, default=None)


def save_draft(
    *,
    request: Request | None,
    council: Council,
    person: Person | None,
    form: Mapping[str, Any],
    by: User,
    at: datetime,
    changes: Package | None = None,
) -> Request:
    """
    Keep a request as typed; whoever drafts it sends it, or throws it away.

    `changes` is the package whose need has changed, told once when the draft is begun.
    """
    with act(council=council.pk, by=by, at=at) as doing:
        if request is None:
            request = Request(
                council=council,
                reference=spoken_reference("R"),
                raised_by=by,
                raised_identity=by.identity_id,
                raised_at=doing.at,
                changes_package=changes.reference if changes else "",
            )
        else:
            # Another window may have sent it meanwhile.
            request = Request.objects.get(pk=request.pk)
        if request.state != Request.DRAFT or request.raised_identity != by.identity_id:
            raise RefusedError(_("Only your own drafts can be changed. Nothing was saved."))
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
        raise RefusedError(
            _("%(problems)s. Nothing was sent.") % {"problems": "; ".join(text for _field, text in missing)}
        )
    if person.died_on is not None:
        raise RefusedError(_("The person has died; no care can be asked for. Nothing was sent."))
    with act(council=council.pk, by=by, at=at) as doing:
        if changes is not None:
            refuse_second_change(changes)
        # Another window may have sent the draft meanwhile.
        request = (Request.objects.get(pk=draft.pk) if draft else None) or Request(
            council=council,
            reference=spoken_reference("R"),
            raised_by=by,
            raised_identity=by.identity_id,
            raised_at=doing.at,
        )
        if request.state != Request.DRAFT:
            raise RefusedError(
                _("Request %(reference)s was sent or taken back already.") % {"reference": request.reference}
            )
        if request.raised_identity != by.identity_id:
            raise RefusedError(_("Only your own drafts can be sent. Nothing was sent."))
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
                    package=request.changes_package,
                    link=f"/requests/{request.reference}",
                )
        SavedForm.objects.filter(about=request.reference).delete()
        data = {"minutes_per_week": request.minutes_per_week, "changes": request.changes_package}
        doing.record("request_raised", request.reference, data)
    return request


def wanted_now(package: Package) -> Wanted:
    """
    What somebody's care is today, as a change of it begins: the agreed week and needs, and what was written about them.

    Raises RefusedError where the care has ended or another change waits.
    """
    refuse_second_change(package)
    facts = facts_of(package)
    asked = Request.objects.filter(council=package.council_id, state=Request.APPROVED)
    last = asked.filter(changes_package=package.reference).order_by("decided_at", "pk").last() or (
        asked.filter(pk=package.request_id).first() if package.request_id is not None else None
    )
    told = wanted_of(last) if last is not None else Wanted(facts.visits, facts.required_start_on, CHANGE_PRIORITY)
    same_week = sorted(one for line in told.lines for one in plain_visits(line.visits)) == sorted(
        plain_visits(facts.visits)
    )
    return replace(
        told,
        visits=facts.visits,
        lines=told.lines if same_week else lines_of(facts.visits),
        priority=CHANGE_PRIORITY,
        needs=facts.needs,
        complexity=facts.complexity,
        care_type=facts.care_type,
        client_group=facts.client_group,
        delivery_model=facts.delivery_model,
        chosen_provider=facts.chosen_provider,
        exclusions=facts.exclusions,
    )


def plain_visits(visits: Iterable[Visit]) -> list[tuple[int, int, int, int, bool]]:
    """Visits as what can be put in order."""
    return [(one.day, one.start_minute, one.minutes, one.workers, one.critical) for one in visits]


def pending_change(package: Package) -> Request | None:
    """The change of need that waits for approval, if one does."""
    return Request.objects.filter(
        council=package.council_id, changes_package=package.reference, state=Request.WAITING
    ).first()


def refuse_second_change(package: Package) -> None:
    """Raise RefusedError where a package has ended, or a change of it waits for approval already."""
    if Package.objects.get(pk=package.pk).is_over:
        raise RefusedError(_("This care has ended; ask for new care instead. Nothing was sent."))
    if pending_change(package) is not None:
        raise RefusedError(
            _(
                "Another change of this care waits for approval; let it be decided or taken back first. "
                "Nothing was sent."
            )
        )


@dataclass(frozen=True)
class PriceRange:
    """
    The lowest and highest weekly price, in pence, among candidates that pass the gates; None without any.

    `no_model` says why nobody can be asked at all.
    """

    lowest_pence: int | None
    highest_pence: int | None
    candidates: int
    no_model: str = ""


def price_range(request: Request, at: datetime) -> PriceRange:
    """What the care that is asked for would cost with those who pass the gates today."""
    council = Council.objects.get(pk=request.council_id)
    facts = facts_for(request, request.reference, at)
    try:
        version = version_for(council, facts, local(at).date())
    except (NoApplicableModelError, SeveralModelsError) as problem:
        return PriceRange(None, None, 0, no_model=plainly(problem))
    return range_for(council, version, facts, at)


def plainly(problem: CalloffError) -> str:
    """Why no model, or not only one, governs a request, for an approver; any other refusal in its own words."""
    if isinstance(problem, NoApplicableModelError):
        return _(
            "No purchasing model that is in force covers this request, so it cannot become a package. "
            "Tell a commissioner. Nothing was changed."
        )
    if isinstance(problem, SeveralModelsError):
        return _(
            "More than one purchasing model covers this request, so nobody can say whom to ask. "
            "Tell a commissioner. Nothing was changed."
        )
    return str(problem)


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
    if request.person is None:
        raise RefusedError(_("The request names no person."))
    return facts_from(wanted_of(request), request.person, reference, approved_at)


def facts_from(wanted: Wanted, person: Person, reference: str, approved_at: datetime) -> KernelPackage:
    """What is wanted for somebody, as the kernel's package."""
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
        again = decided(request, pence_per_week_at_most, limit_pence, by, doing.at)
        if again.changes_package:
            raise RefusedError(_("This request changes care that somebody has. Nothing was approved."))
        package = make_package(again, doing.at)
        tell_raiser(again, doing.at)
        data = {"package": package.reference, "pence_per_week_at_most": pence_per_week_at_most}
        told = agreed(package, facts_of(package))
        doing.record("request_approved", package.reference, {**data, "request": again.reference, "agreed": told})
    return package


def decided(request: Request, pence_per_week_at_most: int, limit_pence: int, by: User, at: datetime) -> Request:
    """
    Write a request as approved, inside an act; nobody approves their own, or above their limit.

    Raises SamePersonError, ApprovalNeededError, or RefusedError when it no longer waits.
    """
    again = Request.objects.select_related("person__area__locality").get(pk=request.pk)
    refuse_decided(again)
    if again.raised_identity == by.identity_id:
        raise SamePersonError(_("Nobody approves what they asked for themselves. Nothing was approved."))
    if pence_per_week_at_most > limit_pence:
        raise ApprovalNeededError(
            _("You may approve up to %(limit)s a week; this needs somebody with a higher limit. Nothing was approved.")
            % {"limit": pounds(limit_pence)}
        )
    if again.person is not None and again.person.died_on is not None:
        raise RefusedError(_("The person has died. Nothing was approved."))
    again.state, again.decided_by, again.decided_identity = Request.APPROVED, by, by.identity_id
    again.decided_at = again.touched_at = at
    again.approved_minutes_per_week, again.approved_pence_per_week = again.minutes_per_week, pence_per_week_at_most
    again.save()
    return again


STATE_WORDS = {
    Request.DRAFT: gettext_lazy("it is a draft"),
    Request.WAITING: gettext_lazy("it waits for approval"),
    Request.APPROVED: gettext_lazy("it is approved"),
    Request.REFUSED: gettext_lazy("it is refused"),
    Request.WITHDRAWN: gettext_lazy("it was taken back"),
    Request.THROWN_AWAY: gettext_lazy("its draft was thrown away"),
}


def refuse_decided(request: Request) -> None:
    """Raise RefusedError for a request that no longer waits, saying who was first."""
    if request.state != Request.WAITING:
        by = request.decided_by.identity.name if request.decided_by else ""
        state = str(STATE_WORDS[request.state])
        raise RefusedError(
            _("Request %(reference)s does not wait for approval: %(state)s%(by)s. Nothing was changed.")
            % {"reference": request.reference, "state": state, "by": _(" by %(name)s") % {"name": by} if by else ""}
        )


def make_package(request: Request, at: datetime) -> Package:
    """The package of an approved request, governed by the model in force; the kernel is asked once for its row."""
    person = request.person
    if person is None:
        raise RefusedError(_("The request names no person."))
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
    lots.gather(package, facts, at)
    desk = desk_for(package, at)
    decision = ask_quietly(desk)
    refresh(desk, decision)
    if isinstance(decision, Wait) and decision.until is not None:
        # A step that opens by the clock alone: nobody's act would bring anybody to look.
        look_again_on(package, decision.until)
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
        raise RefusedError(_("Write why. Nothing was refused."))
    with act(council=request.council_id, by=by, at=at) as doing:
        again = Request.objects.get(pk=request.pk)
        refuse_decided(again)
        if again.raised_identity == by.identity_id:
            raise SamePersonError(_("Nobody decides on what they asked for themselves; take it back instead."))
        again.state, again.reason, again.decided_by = Request.REFUSED, reason, by
        again.decided_identity, again.decided_at, again.touched_at = by.identity_id, doing.at, doing.at
        again.save()
        tell_raiser(again, doing.at)
        doing.record("request_refused", again.reference)


def tell_raiser(request: Request, at: datetime) -> None:
    """Tell whoever asked what became of it; kept with the package that it became or changes."""
    made = Package.objects.filter(request=request).values_list("reference", flat=True).first()
    jobs.tell(
        request.raised_by,
        "request_decided",
        request.reference,
        council=request.council_id,
        key=f"request-{request.pk}-{request.state}",
        at=at,
        package=request.changes_package or made or "",
        link=f"/requests/{request.reference}",
    )


def withdraw_request(*, request: Request, by: User, at: datetime) -> None:
    """Take a request back before it is decided, or throw a draft away."""
    with act(council=request.council_id, by=by, at=at) as doing:
        again = Request.objects.get(pk=request.pk)
        if again.state not in (Request.DRAFT, Request.WAITING) or again.raised_identity != by.identity_id:
            raise RefusedError(_("Only your own request can be taken back, before it is decided."))
        again.state = Request.THROWN_AWAY if again.state == Request.DRAFT else Request.WITHDRAWN
        again.touched_at = doing.at
        again.save()
        SavedForm.objects.filter(about=again.reference).delete()
        doing.record("request_withdrawn", again.reference)
