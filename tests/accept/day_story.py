"""
One day on Eastmoor, as it is played: what is asked for, who answers what, and what goes wrong on the way.

Who is to do something next is read from the database, as each of them would see it on their own list; what they do,
they do on their pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from accept.day_desk import Desk, day_in

MORNING = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
"""A Tuesday in winter."""
ASSESSOR, APPROVER, HUB = "eastmoor.assessor", "eastmoor.approver", "eastmoor.hub"
FIRST, SECOND, SENIOR = "eastmoor.broker", "eastmoor.broker2", "eastmoor.senior"
CONTRACTS = "eastmoor.contracts"
WORDS = ("acornwhistle", "maplewhistle", "elderwhistle", "beechlantern", "cedarthimble", "damsonquill")
"""The six services whose people work today, the cheapest first."""
HOURS = {"acornwhistle": (32, 9), "maplewhistle": (25, 9), "elderwhistle": (25, 14), "beechlantern": (22, 14)}
USUAL_HOURS, TEAM_HOURS = (18, 14), (14, 8)
"""What each has to spare before 14:00 and after; the council's own team told it by telephone."""
PHONED = ("phone", "phone no")
URGENT = 2
SURNAMES = ("Thimblegarth", "Lanternholt", "Teaselmere", "Ploverdale", "Kettlebeck")
FIRST_NAMES = ("Beryl", "Cecil", "Deepa", "Emlyn", "Farida", "Gwen", "Harold", "Ivor")
Act = Callable[[Any], None]


@dataclass(frozen=True)
class Need:
    """What is asked for one person, and how that goes: `course` names it."""

    number: int
    course: str
    times: tuple[str, ...] = ("8:00",)
    area: str = "EM1-1"
    priority: int = 5
    starts_in: int = 2

    @property
    def asked_by(self) -> str:
        return HUB if self.priority == URGENT else ASSESSOR

    @property
    def name(self) -> str:
        return f"{FIRST_NAMES[self.number % len(FIRST_NAMES)]} {SURNAMES[self.number // len(FIRST_NAMES)]}"

    @property
    def postcode(self) -> str:
        return f"ZZ{self.number + 30} 4QZ"

    @property
    def phone(self) -> str:
        return f"01632 9603{self.number:02d}"

    @property
    def case_number(self) -> str:
        return f"EM7700{self.number:02d}"

    @property
    def address(self) -> str:
        return f"{self.number + 1} Candlemaker Row"


def needs_of(size: int) -> list[Need]:
    """So many needs: those with a story first, then the plain ones."""
    if size < len(STORIES):
        return [Need(number, course) for number, course in enumerate(("phone", "suspended", "death", "second")[:size])]
    told = [Need(number, **one) for number, one in enumerate(STORIES)]
    return told + [plain(number) for number in range(len(told), size)]


def plain(number: int) -> Need:
    """A need that goes as most do."""
    course = "second" if number % 7 == 0 else "plain"
    times = ("8:30", "18:00") if number % 5 == 0 else ("9:00",)
    return Need(number, course, times, f"EM{1 + number % 2}-{1 + number % 2}", starts_in=number % 4)


STORIES: tuple[dict[str, Any], ...] = (
    {"course": "phone"},
    {"course": "suspended"},
    {"course": "death"},
    {"course": "phone no"},
    {"course": "phone", "area": "EM2-1"},
    {"course": "split", "times": ("8:00", "17:00")},
    {"course": "chain", "area": "EM2-2"},
    {"course": "override"},
    {"course": "handback", "starts_in": 0},
    {"course": "silent", "priority": URGENT, "starts_in": 0},
    {"course": "plain", "priority": URGENT, "starts_in": 1},
    {"course": "left"},
    {"course": "left", "times": ("8:00", "12:30"), "starts_in": 0},
    {"course": "not begun"},
    {"course": "block", "area": "EM3-1"},
    {"course": "block", "area": "EM3-2", "times": ("7:30", "17:30"), "starts_in": 0},
    {"course": "block", "area": "EM3-1", "starts_in": 0},
)


LOOKS = 3
CHANGED = "Something changed since you looked"


@dataclass
class Day:
    """What is known of the day while it goes on."""

    desk: Desk
    needs: Sequence[Need]
    full: bool
    requests: dict[int, str] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    packages: dict[int, Any] = field(default_factory=dict)
    told_to_decide: Counter[tuple[str, str]] = field(default_factory=Counter)
    """The notices that somebody is needed, which no event tells of: whom about which package."""
    done: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    """What was wrong while it went on."""
    suspended: int = 0
    """The service that was suspended: a yes of it leads to no call-off any more."""
    looked_again: int = 0
    """How often a call-off was refused since something had changed while the broker looked at it."""
    refused: str = ""
    """What the page said to whoever wanted to confirm a call-off to a service that had been suspended."""

    @property
    def today(self) -> date:
        return self.desk.clock.now().date()

    def again(self, number: int) -> Any:
        """A package as it stands now."""
        from calloff.web.brokerage.models import Package

        self.packages[number] = Package.objects.select_related("owner").get(pk=self.packages[number].pk)
        return self.packages[number]

    def once(self, what: str) -> bool:
        """Whether this is the first time that it is asked for."""
        first = what not in self.done
        self.done.add(what)
        return first


def play(desk: Desk, needs: Sequence[Need], full: bool) -> Day:
    """The whole day, from the first who comes in to the last who goes home."""
    day = Day(desk, needs, full)
    clock = desk.clock
    everybody_comes_in(day)
    say_spare_hours(day)
    clock.until(MORNING + timedelta(minutes=30))
    for need in needs:
        if need.number == min(12, len(needs) - 1):
            desk.kill_at_next_act("website")
        ask(day, need)
    if full:
        record_stays(day)
    clock.until(MORNING + timedelta(hours=1, minutes=30))
    approve_all(day)
    take_all(day)
    desk.house.end("worker")
    start_all(day)
    rounds(day)
    if full:
        hand_over(day)
        desk.house.end("worker")
        clock.forward(hours=2, minutes=5)
        rounds(day)
        give_back(day)
        enter_first_visits(day)
        desk.kill_at_next_act("website")
        write_note(day)
    desk.quiet()
    return day


# The morning


def everybody_comes_in(day: Day) -> None:
    staff = [ASSESSOR, APPROVER, FIRST, SECOND, CONTRACTS, *([HUB, SENIOR] if day.full else [])]
    for name in [*staff, *(f"{word}.manager" for word in (WORDS if day.full else WORDS[:2]))]:
        day.desk.comes_in(name, by_hand=day.full)


def say_spare_hours(day: Day) -> None:
    """Each service says on its telephone what it has to spare; the council's own team tells it to a broker."""
    from calloff.web.contracts.models import Enrolment

    for word in WORDS if day.full else WORDS[:2]:
        one = Enrolment.objects.get(model="eastmoor_framework", branch__name__istartswith=word)
        day.desk.acts(f"{word}.manager", "spare_declared", f"/provider/spare/{one.token}", spare(HOURS.get(word)))
    if day.full:
        team = Enrolment.objects.get(model="eastmoor_framework", tier="council_team")

        def told(page: Any) -> None:
            spare(TEAM_HOURS)(page)
            page.fill("input[name=told_by]", "The team's leader")

        day.desk.acts(FIRST, "spare_declared", f"/enrolments/{team.token}/spare", told)


def spare(hours: tuple[int, int] | None) -> Act:
    def fill(page: Any) -> None:
        for box, one in zip(page.locator("input[name^=pool_]").all(), hours or USUAL_HOURS, strict=True):
            box.fill(str(one))

    return fill


def ask(day: Day, need: Need) -> None:
    """Somebody is written down and support asked for, in the three steps of the form."""
    from calloff.web.brokerage.models import Person, Request

    desk, by = day.desk, need.asked_by

    def who(page: Any) -> None:
        page.fill("input[name=name]", need.name)
        day_in(page, "born_on", date(1930 + need.number, 5, 17))
        tick(page, "input[name=sex][value=female]")
        page.fill("textarea[name=address]", need.address)
        page.fill("input[name=postcode]", need.postcode)
        page.select_option("select[name=area]", need.area)
        page.fill("input[name=phone]", need.phone)
        page.fill("input[name=case_number]", need.case_number)

    desk.acts(by, "person_added", "/people/add", who)
    person = Person.objects.get(council=desk.council, name=need.name)
    day.people[need.number] = person.reference
    desk.acts(by, "request_drafted", f"/people/{person.reference}", press="form[action*='/requests/begin/'] button")
    reference = Request.objects.get(person=person).reference
    day.requests[need.number] = reference

    def week(page: Any) -> None:
        for place, time in enumerate(need.times, 1):
            if place > 1:
                press(page, "main button[name=act][value=add]")
            for on in range(7):
                tick(page, f"input[name=days_{place}][value='{on}']")
            page.fill(f"input[name=start_{place}]", time)

    def needs(page: Any) -> None:
        press(page, "main button.govuk-button[value=next]")
        day_in(page, "required_start_on", day.today + timedelta(days=need.starts_in))
        if need.priority != URGENT:
            tick(page, f"input[name=priority][value='{need.priority}']")
        page.fill("textarea[name=outcomes]", "To get up and to go to bed in good time, and to eat well.")
        press(page, "main button.govuk-button[value=next]")

    def whole(page: Any) -> None:
        if "/week" in page.url:
            week(page)
            needs(page)

    desk.acts(by, "request_raised", f"/requests/{reference}/week", whole)


def tick(page: Any, selector: str) -> None:
    """Tick a box or a round one, at once: a whole week is many of them."""
    page.locator(selector).check(force=True)


def press(page: Any, selector: str) -> None:
    """A button that leads on within the same form."""
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.locator(selector).last.click(no_wait_after=True)


def record_stays(day: Day) -> None:
    """The hub writes down who is in hospital, and how many wait for a care home."""

    def stay(page: Any) -> None:
        day_in(page, "admitted_on", day.today - timedelta(days=9))
        day_in(page, "ready_on", day.today - timedelta(days=2))

    def count(page: Any) -> None:
        day_in(page, "on", day.today)
        page.fill("input[name=people]", "3")

    for need in day.needs:
        if need.priority == URGENT:
            day.desk.acts(HUB, "stay_recorded", f"/stays/{day.people[need.number]}", stay)
    day.desk.acts(HUB, "care_home_waits_counted", "/stays/count", count)


def approve_all(day: Day) -> None:
    from calloff.web.brokerage.models import Package

    for need in day.needs:
        address = f"/requests/{day.requests[need.number]}/approval"
        day.desk.acts(APPROVER, "request_approved", address, lambda page: tick(page, "input[value=approve]"))
        day.packages[need.number] = Package.objects.get(request__reference=day.requests[need.number])


def owner_of(need: Need) -> str:
    """Whose package it becomes in the morning."""
    return FIRST if need.number % 2 == 0 else SECOND


def take_all(day: Day) -> None:
    """Both brokers take their half of what the duty team has."""

    def take(name: str) -> Act:
        def fill(page: Any) -> None:
            for need in day.needs:
                if owner_of(need) == name:
                    tick(page, f"input[name=packages][value='{day.packages[need.number].token}']")
            page.select_option("select[name=to]", day.desk.user(name).token)

        return fill

    for name in (FIRST, SECOND):
        day.desk.acts(name, "handed_over", "/queue/give?tab=nobodys", take(name))


def start_all(day: Day) -> None:
    for need in day.needs:
        if need.course not in ("not begun", "override", "block"):
            address, here = at(day.packages[need.number]), "form[action$='/start'] button"
            day.desk.acts(owner_of(need), "step_started", address, press=here)


def at(package: Any, rest: str = "") -> str:
    return f"/packages/{package.token}{rest}"


# Answers and call-offs


def rounds(day: Day) -> None:
    """Everybody does what there is to do, until there is nothing more at this hour."""
    while True:
        day.desk.quiet()
        if not (answer_all(day) + decide_all(day)):
            return


def answer_all(day: Day) -> int:
    """Every invitation that its service answers today is answered; how many these were."""
    from calloff.web.brokerage.models import Invitation

    number_of = {package.pk: number for number, package in day.packages.items()}
    waiting = Invitation.objects.filter(
        state=Invitation.OPEN, deadline_at__gt=day.desk.clock.now(), package__in=number_of
    ).select_related("branch", "package__owner")
    acted = 0
    for one in waiting.order_by("pk"):
        need = day.needs[number_of[one.package_id]]
        turn = Invitation.objects.filter(package=one.package, pk__lt=one.pk).count()
        acted += answer(day, need, one, turn)
    return acted


def answer(day: Day, need: Need, one: Any, turn: int) -> bool:
    """One invitation; whether it was answered."""
    course = need.course
    if course in ("left", "death") or (course == "silent" and turn == 0):
        return False
    no = course == "chain" or (course in ("second", "phone no") and turn == 0)
    # A part is the mornings; who is asked for the rest takes all that it is asked for.
    half = course == "split" and turn == 0
    if course in PHONED and turn == 0:
        by_telephone(day, one, "decline" if no else "accept")
    else:
        on_the_portal(day, one, "decline" if no else "part" if half else "accept")
    if one.branch_id != day.suspended and waits_for_somebody(day, need):
        day.told_to_decide[day.again(need.number).owner.name, one.package.reference] += 1
    return True


def waits_for_somebody(day: Day, need: Need) -> bool:
    """Whether the answer that was just given leaves something to the owner: by the story, not by what was told."""
    turns = answers_to(day, need)
    if need.course == "chain":
        # Only the last of these noes does, and which that is shows when nobody else is asked.
        return False
    return turns > 1 if need.course in ("second", "phone no") else True


def answers_to(day: Day, need: Need) -> int:
    from calloff.web.brokerage.models import Offer

    return Offer.objects.filter(invitation__package=day.packages[need.number]).count()


def by_telephone(day: Day, one: Any, what: str) -> None:
    def fill(page: Any) -> None:
        tick(page, f"input[name=answer][value={what}]")
        if what == "decline":
            page.select_option("select[name=reason]", "location")
        page.fill("input[name=answered_by]", "The manager")
        tick(page, "input[name=channel][value=phone]")
        page.fill("textarea[name=words]", "We said what we can do.")

    address = at(one.package, f"/answers/{one.token}")
    day.desk.acts(one.package.owner.name, "answered", address, fill)


def on_the_portal(day: Day, one: Any, what: str) -> None:
    """An answer on a telephone of 320 pixels, without a script; a part is the mornings."""
    from json import loads

    def fill(page: Any) -> None:
        tick(page, f"input[name=answer][value={what}]")
        if what == "decline":
            page.select_option("select[name=reason]", "no_capacity_in_band")
        if what == "part":
            for number in loads(one.visits):
                # Of two visits a day the second is the evening's.
                if number % 2:
                    page.uncheck(f"input[name=visit_{number}]")

    word = one.branch.name.split()[0].lower()
    day.desk.acts(f"{word}.manager", "answered", f"/provider/invitations/{one.token}/answer", fill)


def decide_all(day: Day) -> int:
    """Every package that needs its owner gets what its story says; how many did."""
    acted = 0
    # The service is suspended when everybody else has what it said yes to.
    for need in sorted(day.needs, key=lambda need: need.course == "suspended"):
        package = day.again(need.number)
        if need.course == "override" and day.once("override"):
            override(day, package)
        elif need.course == "death" and package.invitations.exists() and day.once("death"):
            death(day, package)
        elif package.next_action == "confirm":
            confirm(day, need, package)
        else:
            continue
        acted += 1
    return acted


def confirm(day: Day, need: Need, package: Any) -> None:
    if need.course == "suspended" and day.once("suspended"):
        suspend(day, package)
        return
    if need.course == "chain":
        day.told_to_decide[package.owner.name, package.reference] += 1
    for _ in range(LOOKS):
        try:
            day.desk.acts(package.owner.name, "call_off_confirmed", at(package, "/confirm"), press="main form button")
            return
        except RuntimeError as refused:
            # The worker may have moved something between the page and the button: the broker looks again.
            if CHANGED not in str(refused):
                raise
            day.looked_again += 1
            package = day.again(need.number)
            if package.next_action != "confirm":
                return
    day.faults.append(f"{package.reference} could not be confirmed: something changed {LOOKS} times")


def suspend(day: Day, package: Any) -> None:
    """A service is suspended after it said yes: the confirmation is refused, says why, and the next one is asked."""
    asked = package.invitations.get(state="accepted")
    day.suspended = asked.branch_id

    def fill(page: Any) -> None:
        page.fill("textarea[name=reason]", "Two visits were missed, and we look into it.")

    desk, owner = day.desk, package.owner.name
    page = desk.page(owner)
    page.goto(at(package, "/confirm"), wait_until="domcontentloaded")
    desk.acts(CONTRACTS, "suspended", f"/enrolments/{asked.enrolment.token}/suspend", fill)
    before = desk.recorded(owner, "call_off_confirmed")
    press(page, "main form button")
    if desk.recorded(owner, "call_off_confirmed") != before:
        day.faults.append("a service was called off that had been suspended after it accepted")
    day.refused = desk.refusal(page)


def override(day: Day, package: Any) -> None:
    """A broker wants the dearest of the six; a senior broker agrees, and it is asked out of turn."""
    from calloff.web.contracts.models import Enrolment

    other = Enrolment.objects.get(model="eastmoor_framework", branch__name__istartswith=WORDS[-1])

    def order(page: Any) -> None:
        page.select_option("select[name=enrolment]", other.token)
        tick(page, "input[name=reason][value=person_at_risk]")
        page.fill("textarea[name=words]", "They know the house and the risk there.")

    desk = day.desk
    desk.acts(package.owner.name, "override_ordered", at(package, "/override"), order)
    desk.acts(SENIOR, "override_agreed", at(package, "/second"), lambda page: tick(page, "input[value=agree]"))


def death(day: Day, package: Any) -> None:
    """Somebody dies while an invitation is out."""

    today = day.today

    def fill(page: Any) -> None:
        tick(page, "input[name=reason][value=died]")
        for part in ("day", "month", "year"):
            page.fill(f"input[name=died_on_{part}]", str(getattr(today, part)))

    day.desk.acts(package.owner.name, "withdrawn", at(package, "/withdraw"), fill)


# The afternoon


def hand_over(day: Day) -> None:
    """The first broker goes to a course and hands over what is left of the day."""

    def fill(page: Any) -> None:
        for box in page.locator("input[name=packages]").all():
            box.check()
        page.select_option("select[name=to]", day.desk.user(SECOND).token)
        page.fill("textarea[name=note]", "I am away from noon; nothing else is promised to anybody.")

    day.desk.acts(FIRST, "handed_over", "/queue/give?tab=mine", fill)


def give_back(day: Day) -> None:
    """A service gives a package back; the council answers, and it waits again under its owner with its clock."""
    need = next(one for one in day.needs if one.course == "handback")
    package = day.again(need.number)
    placed = package.call_offs.select_related("branch").get(ended_on__isnull=True)
    word = placed.branch.name.split()[0].lower()

    def give(page: Any) -> None:
        day_in(page, "last_day_on", day.today + timedelta(days=7))
        tick(page, "input[name=reason][value=no_workers]")

    desk = day.desk
    desk.acts(f"{word}.manager", "handed_back", f"/provider/packages/{placed.token}/hand-back", give)
    address = at(package, f"/handback/{placed.token}")
    desk.acts(package.owner.name, "handback_answered", address, lambda page: tick(page, "input[value=yes]"))
    day.packages[need.number], before = day.again(need.number), package
    now = day.packages[need.number]
    kept = (now.owner_id, now.approved_at, now.state) == (before.owner_id, before.approved_at, "sourcing")
    if not kept:
        day.faults.append(f"given back, {now.reference} is {now.state}, owner and clock not as they were")


def enter_first_visits(day: Day) -> None:
    """Some care that was to begin today has begun: a broker enters it, or the service itself."""
    from calloff.web.brokerage.models import CallOff

    begun = CallOff.objects.filter(package__in=day.packages.values(), ended_on__isnull=True, start_on=day.today)
    rows = list(begun.select_related("package__owner", "branch").order_by("pk"))
    for place, one in enumerate(rows[: max(1, len(rows) - 1)]):
        word = one.branch.name.split()[0].lower()
        own = place % 2 == 0 and word in WORDS
        name = f"{word}.manager" if own else one.package.owner.name
        address = f"/provider/packages/{one.token}/first-visit" if own else at(one.package, f"/first-visit/{one.token}")
        day.desk.acts(name, "start_entered", address, lambda page: day_in(page, "first_visit_on", day.today))


def write_note(day: Day) -> None:
    """The last act of the day."""
    need = next(one for one in day.needs if one.course == "left")
    package = day.again(need.number)
    address = at(package, "/note")
    day.desk.acts(package.owner.name, "noted", address, lambda page: page.fill("textarea[name=text]", "Rang twice."))
