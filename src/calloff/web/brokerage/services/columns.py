"""What stands in a package's row for the lists: the next action, since when, the step, who was asked and answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum

from calloff.domain.batching import collected_until
from calloff.domain.calendar import local, to_utc
from calloff.domain.decisions import CallOff as KernelCallOff
from calloff.domain.decisions import Decision as KernelDecision
from calloff.domain.decisions import Refer, Wait
from calloff.domain.errors import NothingToPlaceError
from calloff.domain.facts import asked_of
from calloff.domain.ground import ground_of
from calloff.domain.history import Event as Happening
from calloff.domain.history import Held, Released, Withdrawn
from calloff.domain.units import pence_per_week
from calloff.domain.unmet_need import FOR_EVER, Stretch, unmet
from calloff.web.brokerage.models import (
    GATHERS,
    IN_LOT,
    CallOff,
    Countersignature,
    Handback,
    Invitation,
    Override,
    Package,
    PackageVersion,
    UnmetStretch,
    Waiting,
)
from calloff.web.brokerage.services.case_file import CaseFile
from calloff.web.brokerage.services.desk import Desk
from calloff.web.brokerage.services.owning import give_to_duty_team

ONE_DAY = timedelta(days=1)
REVIEW_AFTER = timedelta(hours=24)
"""When somebody looks again at a package that nobody can take (assumed)."""

NEXT_ACTIONS = (
    "await_others",
    "in_lot",
    "start_step",
    "await_answers",
    "confirm",
    "approve_price",
    "second_override",
    "await_step",
    "on_hold",
    "await_minutes",
    "decide",
    "answer_handback",
    "enter_start",
    "none",
)


def refresh(desk: Desk, decision: KernelDecision | None, *, is_changed: bool = False) -> bool:
    """
    Write a package's columns as they follow from its rows and from what the kernel says now; whether any moved.

    `is_changed` says that the act has already written another version of the package.
    """
    package = desk.package
    before = Package.objects.filter(pk=package.pk).values(*WRITTEN).get()
    story = desk.story()
    visits = desk.facts.visits
    package.minutes_to_place = sum(visits[number].worker_minutes for number in story.left)
    live = Invitation.objects.filter(package=package, version=package.version)
    counts = live.aggregate(
        asked=Count("pk", filter=Q(state__in=Invitation.LIVE)),
        answered=Count("pk", filter=Q(state__in=(Invitation.ACCEPTED, Invitation.PART), sealed=False)),
    )
    package.asked, package.answered = counts["asked"], counts["answered"]
    if not package.is_over:
        package.minutes_started = minutes_started(package) if story.called_off else 0
        package.state = state_of(package)
    package.step = decision.step if decision is not None else ""
    package.next_action, package.next_action_at = next_action(desk, decision)
    wait_for_minutes(desk, decision)
    moved = {name for name in WRITTEN if before[name] != getattr(package, name)}
    is_new = package.changed_at == package.approved_at
    # While nothing is called off, asking and answering leaves the need as it is.
    needed = not package.is_lot and (story.called_off or is_new or is_changed or moved & NEEDED)
    if needed and write_unmet(package, history_now(desk)):
        moved.add("unmet")
    if is_new and package.owner_id is None and package.assign_by is None:
        give_to_duty_team(package, desk.at)
        moved.add("assign_by")
    if moved:
        package.changed_at = desk.at
        package.save()
    return bool(moved)


def history_now(desk: Desk) -> list[Happening]:
    """The package's history over all its versions, with what this act adds and has not recorded yet."""
    package = desk.package
    before = [event for version, event in CaseFile(package).versioned_history if version != package.version]
    return [*before, *desk.course.history]


def state_of(package: Package) -> str:
    """The state that follows from the call-offs: called off once every visit is placed, started once all began."""
    if package.minutes_to_place:
        return Package.SOURCING
    return Package.STARTED if package.minutes_started >= package.minutes_per_week else Package.CALLED_OFF


def minutes_started(package: Package) -> int:
    """Minutes a week whose first visit was made."""
    live = CallOff.objects.filter(
        package=package, version=package.version, ended_on__isnull=True, first_visit_on__isnull=False
    )
    return live.aggregate(minutes=Sum("minutes_per_week"))["minutes"] or 0


WRITTEN = (
    "state",
    "version",
    "model_version_id",
    "priority",
    "required_start_on",
    "price_ceiling_pence",
    "minutes_per_week",
    "minutes_to_place",
    "minutes_started",
    "two_workers",
    "step",
    "step_started",
    "asked",
    "answered",
    "next_action",
    "next_action_at",
    "on_hold",
    "waits_for_minutes",
    "ended_on",
    "end_reason",
)
"""The columns of a package that acts move: nothing is written where none of them did."""
NEEDED = {"state", "version", "required_start_on", "minutes_per_week", "minutes_started", "on_hold", "ended_on"}
"""Those from which unmet need follows."""


def next_action(desk: Desk, decision: KernelDecision | None) -> tuple[str, datetime]:
    """
    What somebody has to do next about a package, as a code, and when.

    What was to do already stays due when it was: looking at a package puts nothing off.
    """
    package, at = desk.package, desk.at

    def due(action: str, otherwise: datetime) -> tuple[str, datetime]:
        return action, package.next_action_at if package.next_action == action else otherwise

    if package.is_over:
        return due("none", at)
    handback = Handback.objects.filter(call_off__package=package, agreed__isnull=True).first()
    if handback is not None:
        return "answer_handback", handback.at
    waits = Override.objects.filter(package=package, state=Override.WAITING).exists()
    if waits or Countersignature.objects.filter(package=package, state=Countersignature.WAITING).exists():
        return due("second_override", at)
    if package.with_others == GATHERS:
        return "await_others", max(package.approved_at, collected_until(desk.model, desk.facts))
    if package.with_others == IN_LOT:
        return due("in_lot", at)
    if package.state in (Package.CALLED_OFF, Package.STARTED):
        first = first_day_to_come(package)
        return due("none", at) if first is None else ("enter_start", to_utc(first, 0))
    if package.on_hold:
        return due("on_hold", at + REVIEW_AFTER)
    if isinstance(decision, KernelCallOff):
        return due("approve_price" if over_ceiling(desk, decision) else "confirm", at)
    if isinstance(decision, Wait):
        action = "await_answers" if decision.reason == "answers_due" else "await_step"
        return (action, decision.until) if decision.until else due(action, at + REVIEW_AFTER)
    if isinstance(decision, Refer):
        return due("await_minutes" if decision.passed_over else "decide", at + REVIEW_AFTER)
    return due("await_step" if package.step_started else "start_step", at)


def first_day_to_come(package: Package) -> date | None:
    """The first day on which a call-off shall start whose first visit nobody has entered."""
    waiting = CallOff.objects.filter(
        package=package,
        version=package.version,
        ended_on__isnull=True,
        first_visit_on__isnull=True,
        start_on__isnull=False,
    )
    return waiting.order_by("start_on").values_list("start_on", flat=True).first()


def over_ceiling(desk: Desk, decision: KernelCallOff) -> bool:
    """Whether a call-off would bring the package's weekly price above what was approved."""
    package = desk.package
    if package.price_ceiling_pence is None:
        return False
    live = CallOff.objects.filter(package=package, version=package.version, ended_on__isnull=True)
    before = live.aggregate(pence=Sum("pence_per_week"))["pence"] or 0
    return before + sum(pence_per_week(part.cost) for part in decision.parts) > package.price_ceiling_pence


def wait_for_minutes(desk: Desk, decision: KernelDecision | None) -> None:
    """Remember what each passed-over enrolment had to spare: more than that re-opens the package."""
    package = desk.package
    wanted: dict[int, dict[str, int]] = {}
    if isinstance(decision, Refer) and not package.on_hold and package.state == Package.SOURCING:
        wanted = {desk.row(name).pk: wants_of(desk, name) for name in decision.passed_over}
    waited, package.waits_for_minutes = package.waits_for_minutes, bool(wanted)
    if not waited and not wanted:
        return
    rows = {row.enrolment_id: json.loads(row.wants) for row in Waiting.objects.filter(package=package)}
    if rows == wanted:
        return
    Waiting.objects.filter(package=package).delete()
    Waiting.objects.bulk_create(
        Waiting(
            council_id=package.council_id,
            package=package,
            enrolment_id=enrolment,
            wants=json.dumps(wants),
        )
        for enrolment, wants in wanted.items()
    )


def wants_of(desk: Desk, reference: str) -> dict[str, int]:
    """
    What each pool of an enrolment must have to spare before the package is asked about again, by its own number.

    More than now, and enough for all that falls to it or, where packages may be split, for the smallest of what is
    never divided.
    """
    counters, row = desk.course.counters, desk.standing.row_of[reference]
    asked = asked_of(ground_of(desk.standing, desk.model), desk.facts, desk.story().left)
    least = asked.need_of if desk.model.splitting is None else asked.smallest_of
    return {
        str(desk.market.pools[pool][1]): max(
            counters.declared[pool] - counters.used[pool] - counters.held[pool] + 1, least[bands]
        )
        for pool, bands in desk.standing.pools_in[desk.facts.locality][row]
        if asked.need_of[bands]
    }


def ask_quietly(desk: Desk) -> KernelDecision | None:
    """What the kernel says now; nothing when every visit is placed, or while the package goes with others."""
    if desk.package.with_others:
        return None
    try:
        return desk.ask()
    except NothingToPlaceError:
        return None


def write_unmet(package: Package, history: Sequence[Happening]) -> bool:
    """Write the package's stretches of unmet need as they follow from its rows; whether any moved."""
    found = unmet(*stretches_of(package, history))
    wanted = {(one.minutes, one.whole, one.from_on, one.until) for one in found}
    rows = {
        (row.minutes, row.whole, row.from_on, row.until): row.pk for row in UnmetStretch.objects.filter(package=package)
    }
    if set(rows) == wanted:
        return False
    gone = [key for told, key in rows.items() if told not in wanted]
    UnmetStretch.objects.filter(pk__in=gone).delete()
    UnmetStretch.objects.bulk_create(
        UnmetStretch(
            council_id=package.council_id,
            package=package,
            person_id=package.person_id,
            locality_id=package.locality_id,
            minutes=minutes,
            whole=whole,
            from_on=from_on,
            until=until,
        )
        for minutes, whole, from_on, until in sorted(wanted - set(rows))
    )
    return True


def stretches_of(package: Package, history: Sequence[Happening]) -> tuple[list[Stretch], list[Stretch], list[Stretch]]:
    """What was agreed, what started and when the package paused for a stay in hospital."""
    ended = package.ended_on + ONE_DAY if package.ended_on else FOR_EVER
    if package.state == Package.WITHDRAWN:
        ended = local(package.changed_at).date()
    versions = list(PackageVersion.objects.filter(package=package).order_by("number"))
    agreed = []
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        begins = date.fromisoformat(json.loads(version.facts)["required_start_on"])
        if version.number > 1:
            # Until a change was approved the version before it was what was agreed: no day counts twice.
            begins = max(begins, local(version.from_at).date())
        until = min(ended, local(following.from_at).date()) if following else ended
        if begins < until:
            agreed.append(Stretch(version.minutes_per_week, begins, until))
    started = []
    for row in CallOff.objects.filter(package=package, first_visit_on__isnull=False):
        until = row.ended_on + ONE_DAY if row.ended_on else FOR_EVER
        if row.first_visit_on is not None and row.first_visit_on < until:
            started.append(Stretch(row.minutes_per_week, row.first_visit_on, until))
    return agreed, started, pauses_in(history)


def pauses_in(history: Sequence[Happening]) -> list[Stretch]:
    """The days on which a package was held because the person was in hospital: nothing was due then."""
    found: list[Stretch] = []
    since = None
    for event in history:
        if isinstance(event, Held) and event.reason == "in_hospital":
            since = local(event.at).date()
        elif isinstance(event, Released | Withdrawn) and since is not None:
            if since < local(event.at).date():
                found.append(Stretch(0, since, local(event.at).date()))
            since = None
    return [*found, Stretch(0, since)] if since is not None else found


def columns_of(package: Package) -> Mapping[str, object]:
    """The columns that follow from events, by name: what a rebuild must find the same."""
    names = (
        "state",
        "minutes_to_place",
        "minutes_started",
        "step",
        "asked",
        "answered",
        "next_action",
        "waits_for_minutes",
    )
    return {name: getattr(package, name) for name in names}
