"""Finding a provider: the first step that a broker opens, the later ones that the worker opens, and pauses."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.utils.translation import gettext as _

from calloff.domain.calendar import local
from calloff.domain.decisions import CallOff as KernelCallOff
from calloff.domain.decisions import Invite, Refer, Wait
from calloff.domain.history import Held, Released, Withdrawn
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import Act, act, in_turn
from calloff.web.brokerage.models import Invitation, Note, Package, Person, Waiting
from calloff.web.brokerage.services import absences, lots, owning
from calloff.web.brokerage.services.carrying import carry_out, look_again, look_again_on, rank_of, reopen_after
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import Desk, desk_for, told
from calloff.web.brokerage.services.identity import refuse_in_note
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.contracts.models import Pool
from calloff.web.jobs import services as jobs

HOLD_REASONS = ("person_undecided", "assessment_open", "in_hospital", "family_asked", "safeguarding", "other")
WITHDRAW_REASONS = ("died", "hospital", "care_home", "moved", "own_choice", "needs_met", "error", "other")


def start_step(*, package: Package, by: User, at: datetime) -> None:
    """
    Open the package's first step: the providers whom the kernel names are asked.

    Every later step is opened by the worker. Raises RefusedError when there is nothing to open.
    """
    with act(council=package.council_id, by=by, at=at) as doing:
        desk = fresh_desk(package, doing.at)
        if desk.package.on_hold:
            raise RefusedError(f"Package {package.reference} is on hold; end the hold first. Nobody was asked.")
        lots.refuse_with_others(desk.package)
        decision = ask_quietly(desk)
        if not isinstance(decision, Invite):
            raise RefusedError(f"Package {package.reference} has no step to open now: {plainly(decision)}.")
        desk.package.step_started = True
        stored, history = carry_out(desk, decision, by)
        refresh(desk, ask_quietly(desk))
        doing.record("step_started", package.reference, {"decision": stored.hash, "step": decision.step}, history)


def plainly(decision: object) -> str:
    """What the kernel says instead, in a few words."""
    if isinstance(decision, KernelCallOff):
        return "a call-off waits to be confirmed"
    if isinstance(decision, Wait):
        return f"it waits ({decision.reason.replace('_', ' ')})"
    return "no provider can be asked" if decision is not None else "every visit is placed"


def fresh_desk(package: Package, at: datetime) -> Desk:
    """The package as it stands inside the act, and what the clock ended written down."""
    again = Package.objects.select_related("council", "model_version", "locality", "area", "owner").get(pk=package.pk)
    desk = desk_for(again, at)
    desk.wrote = write_run_out(desk)
    return desk


def write_run_out(desk: Desk) -> bool:
    """Write as expired what ran out by now, also of other packages: what these kept was counted as free already."""
    run_out = Invitation.objects.filter(
        council=desk.package.council_id, state=Invitation.OPEN, deadline_at__lt=desk.at, enrolment__model=desk.model.id
    )
    story = desk.story()
    turns = {turn.invited.enrolment: turn for turn in story.invitations}
    changed = False
    for row in run_out.select_related("enrolment"):
        state, reason = Invitation.EXPIRED, "no_answer"
        if row.package_id == desk.package.pk and row.sealed:
            # Opened at the deadline: what was answered counts from now on.
            turn = turns[row.enrolment.reference]
            state, reason = turn.state, turn.reason
        elif row.sealed:
            continue
        row.state, row.reason, row.settled_at = state, reason, row.deadline_at
        row.save(update_fields=("state", "reason", "settled_at"))
        changed = True
    if changed:
        reopen_after(desk, desk.store())
    return changed


def advance(*, package: Package, at: datetime) -> bool:
    """
    What the worker does when a package is due: open the next step, or write down what waits for a person.

    A step is opened only after a broker opened the first one, and not while the package is on hold. False when nothing
    had to be done.
    """
    with act(council=package.council_id, by=None, at=at) as doing:
        desk = fresh_desk(package, doing.at)
        if desk.package.is_over:
            return _looked(doing, desk, moved=desk.wrote)
        before = desk.package.next_action
        decision = ask_quietly(desk)
        if isinstance(decision, Refer) and desk.package.is_lot:
            lots.dissolve(doing, desk.package)
            doing.record("lot_refused", package.reference)
            return True
        opens = isinstance(decision, Invite) and desk.package.step_started and not desk.package.on_hold
        ends = decision is not None and bool(decision.ends) and not isinstance(decision, KernelCallOff)
        if not (opens or ends) or decision is None:
            moved = refresh(desk, decision)
            tell_owner(desk, before)
            if isinstance(decision, Wait) and decision.until is not None:
                look_again_on(desk.package, decision.until)
            return _looked(doing, desk, moved=moved or desk.wrote)
        stored, history = carry_out(desk, decision, None)
        following = ask_quietly(desk)
        refresh(desk, following)
        tell_owner(desk, before)
        look_again(desk.package, doing.at)
        data = {"decision": stored.hash, "step": decision.step}
        doing.record("step_opened" if opens else "invitations_ended", package.reference, data, history)
        return True


def _looked(doing: Act, desk: Desk, moved: bool) -> bool:
    """The worker opened nothing: what moved with the clock is an event, and a mere look is none."""
    if moved:
        package = desk.package
        doing.record("looked_at", package.reference, {"next_action": package.next_action, "step": package.step})
    else:
        doing.nothing()
    return False


def tell_owner(desk: Desk, before: str) -> None:
    """Tell the owner (or the duty team) once, when a package begins to need a person."""
    package = desk.package
    if package.next_action not in ("confirm", "approve_price", "decide") or before == package.next_action:
        return
    people: Iterable[User] = (
        [package.owner] if package.owner else holders("work_package", council_id=package.council_id, on=desk.at.date())
    )
    for user in people:
        jobs.tell(
            user,
            "decide",
            package.reference,
            council=package.council_id,
            key=f"decide-{package.pk}-{package.next_action}-{desk.at:%Y%m%d%H%M%S}",
            at=desk.at,
            package=package.reference,
            link=f"/packages/{package.token}",
        )


@jobs.handles("advance")
def advance_job(task: jobs.Task, at: datetime) -> None:
    """The worker's way into `advance`."""
    package = Package.objects.get(pk=task.data["package"])
    # Where every visit is placed nothing opens by the clock; whatever is to place again comes with a job of its own.
    if package.state not in (Package.CALLED_OFF, Package.STARTED):
        advance(package=package, at=at)


@jobs.handles("market_changed")
def market_changed_job(task: jobs.Task, at: datetime) -> None:
    """Somebody joined, was stopped or may be asked again: look at whoever found nobody, and at what waits for a yes."""
    stuck = Package.objects.filter(
        council=task.council,
        state=Package.SOURCING,
        model_version__model=task.data["model"],
        next_action__in=("decide", "await_minutes", "await_step", "confirm", "approve_price"),
    )
    with in_turn(task.council):
        for package in stuck:
            look_again(package, at)


@jobs.handles("reopen")
def reopen_job(task: jobs.Task, at: datetime) -> None:
    """
    Minutes of an enrolment came free: let the first who can use them be looked at, in the order of serving.

    The job comes again behind that package, as long as somebody else might take what it leaves.
    """
    enrolment, before = task.data["enrolment"], task.data.get("after")
    with in_turn(task.council):
        first = _first_to_use(enrolment, before)
        if first is None:
            return
        look_again(first, at)
        jobs.add(
            "reopen",
            task.key,
            council=task.council,
            due_at=jobs.at_once(at),
            data={"enrolment": enrolment, "after": first.pk},
            rank=f"{rank_of(first)} then",
        )


def _first_to_use(enrolment: int, before: int | None) -> Package | None:
    """Who of those that wait for an enrolment's minutes is served first with what is free, `before` left out."""
    spare = {str(pool.number): pool.spare for pool in Pool.objects.filter(enrolment=enrolment)}
    waits = Waiting.objects.filter(enrolment=enrolment, package__waits_for_minutes=True).order_by(
        "package__priority", "package__required_start_on", "package__approved_at", "package__reference"
    )
    for package, wants in waits.values_list("package", "wants").iterator(chunk_size=500):
        # Whoever was just looked at and still waits is not looked at again for the same minutes.
        if package != before and any(spare.get(number, 0) >= least for number, least in json.loads(wants).items()):
            return Package.objects.get(pk=package)
    return None


def hold(*, package: Package, reason: str, review_at: datetime, by: User, at: datetime) -> None:
    """Open nothing new until the hold ends; running deadlines stand. `review_at` is when somebody looks again."""
    if reason not in HOLD_REASONS:
        raise RefusedError(f"{reason!r} is no reason for a hold; choose one of the list.")
    with act(council=package.council_id, by=by, at=at) as doing:
        lots.leave(doing, package)
        desk = fresh_desk(package, doing.at)
        if desk.package.on_hold or desk.package.state != Package.SOURCING:
            raise RefusedError(f"Package {package.reference} cannot be held: it is on hold or placed already.")
        desk.package.on_hold = reason
        desk.package.next_action, desk.package.next_action_at = "on_hold", review_at
        happened = Held(doing.at, reason)
        desk.course.history.append(happened)
        refresh(desk, ask_quietly(desk))
        doing.record("held", package.reference, {"reason": reason}, told(desk.package.version, happened))


def end_hold(*, package: Package, by: User, at: datetime) -> None:
    """Go on where the package stopped: the worker opens what is due."""
    with act(council=package.council_id, by=by, at=at) as doing:
        desk = fresh_desk(package, doing.at)
        if not desk.package.on_hold:
            raise RefusedError(f"Package {package.reference} is not on hold.")
        desk.package.on_hold = ""
        happened = Released(doing.at)
        desk.course.history.append(happened)
        refresh(desk, ask_quietly(desk))
        look_again(desk.package, doing.at)
        doing.record("hold_ended", package.reference, {}, told(desk.package.version, happened))


def withdraw(
    *,
    package: Package,
    reason: str,
    words: str,
    by: User,
    at: datetime,
    died_on: date | None = None,
    died_at_minute: int | None = None,
) -> None:
    """
    The package is no longer wanted: every invitation ends, nothing more is asked.

    A death needs its day, and stops all care of the person from its minute on, that of other packages too; where
    nobody knows the minute, the visits of the day are parked.
    """
    if reason not in WITHDRAW_REASONS:
        raise RefusedError(f"{reason!r} is no reason for a withdrawal; choose one of the list.")
    refuse_in_note(words, [package])
    with act(council=package.council_id, by=by, at=at) as doing:
        lots.leave(doing, package)
        desk = fresh_desk(package, doing.at)
        lots.refuse_for_lot(desk.package)
        if desk.package.state not in (Package.SOURCING, Package.CALLED_OFF):
            raise RefusedError(f"Package {package.reference} has begun or ended; end it instead, with its last day.")
        if desk.package.call_offs.filter(ended_on__isnull=True).exists():
            raise RefusedError(f"Package {package.reference} is called off in part; end it instead, with its last day.")
        if reason == "died":
            _record_death(desk.package.cared_for, died_on, died_at_minute, doing.at)
        happened = Withdrawn(doing.at, reason)
        desk.course.history.append(happened)
        stored, history = carry_out(desk, desk.ask(), by)
        desk.package.state, desk.package.end_reason = Package.WITHDRAWN, reason
        refresh(desk, None)
        data = {"reason": reason, "words": len(words), "decision": stored.hash}
        doing.record("withdrawn", package.reference, data, [*told(desk.package.version, happened), *history])
        if words:
            Note.objects.create(council_id=package.council_id, package=package, text=words, by=by, at=doing.at)


def _record_death(person: Person, died_on: date | None, minute: int | None, at: datetime) -> None:
    """Within an act: the death of whom the care was for; a day that is known already stands."""
    died_on = person.died_on or died_on
    if died_on is None:
        raise RefusedError(_("Enter on which day the person died. Nothing was withdrawn."))
    if died_on > local(at).date():
        raise RefusedError(_("The day of the death is still to come. Nothing was withdrawn."))
    absences.write_death(person, died_on, minute, at)


def assign(*, package: Package, to: User | None, by: User, at: datetime) -> None:
    """Give a package an owner, or back to the duty team."""
    with act(council=package.council_id, by=by, at=at) as doing:
        again = Package.objects.select_related("council").get(pk=package.pk)
        _assign(again, to, doing.at)
        doing.record("assigned", package.reference, {"to": to.pk if to else 0})


def _assign(package: Package, to: User | None, at: datetime) -> None:
    if to is None:
        owning.give_to_duty_team(package, at)
    else:
        owning.give_to(package, to)
        jobs.tell(
            to,
            "assigned",
            package.reference,
            council=package.council_id,
            key=f"assigned-{package.pk}-{at:%Y%m%d%H%M%S}",
            at=at,
            package=package.reference,
            link=f"/packages/{package.token}",
        )
    package.save(update_fields=("owner", "assign_by"))


def hand_over(
    *,
    packages: Iterable[Package],
    to: User | None,
    note: str,
    by: User,
    at: datetime,
    rights: Collection[str] | None = None,
) -> int:
    """
    All of these packages to one person, or to the duty team, with a note on each; how many there were.

    With `rights`, what `by` may do: raises RefusedError for a package that is not theirs to give, and
    IdentityInTextError where the note may name somebody before the call-off.
    """
    packages = list(packages)
    if not packages:
        raise RefusedError(_("No package was chosen; nothing was handed over."))
    refuse_in_note(note, packages)
    with act(council=packages[0].council_id, by=by, at=at) as doing:
        again = list(Package.objects.select_related("council").filter(pk__in=[one.pk for one in packages]))
        if rights is not None:
            owning.refuse_giving(again, to, by, rights)
        for package in again:
            _assign(package, to, doing.at)
            if note:
                Note.objects.create(council_id=package.council_id, package=package, text=note, by=by, at=doing.at)
        references = [package.reference for package in packages]
        doing.record("handed_over", "", {"to": to.pk if to else 0, "packages": references})
    return len(packages)


def write_note(*, package: Package, text: str, next_action_at: datetime | None, by: User, at: datetime) -> Note:
    """
    A contact note, with when to look again; it is no answer of anybody.

    Raises IdentityInTextError, with the words, where the text may name the person before the call-off.
    """
    refuse_in_note(text, [package])
    with act(council=package.council_id, by=by, at=at) as doing:
        note = Note.objects.create(
            council_id=package.council_id,
            package=package,
            text=text,
            next_action_at=next_action_at,
            by=by,
            at=doing.at,
        )
        again = Package.objects.get(pk=package.pk)
        if next_action_at is not None and again.next_action in ("await_minutes", "decide", "on_hold"):
            again.next_action_at = next_action_at
            again.save(update_fields=("next_action_at",))
        doing.record("noted", package.reference, {"note": note.pk})
    return note
