"""The codes of the broker's desk in words."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from calloff.documents.wording import say
from calloff.domain.calendar import local
from calloff.domain.packages import Visit
from calloff.web.brokerage.models import Package, Person
from calloff.web.config.look.week import day_names

GATES = {
    0: gettext_lazy("one provider more than the person may have"),
    1: gettext_lazy("not registered for this care on that day"),
    2: gettext_lazy("contract not for this package"),
    3: gettext_lazy("graded too low"),
    4: gettext_lazy("no new work for now"),
    5: gettext_lazy("lack what is needed"),
    6: gettext_lazy("no price, or outside the limits"),
    7: gettext_lazy("no spare hours"),
    8: gettext_lazy("not to be asked for this person"),
}
"""Why somebody is not asked, by the number of the gate; 0 is none of the eight."""

STATES = {
    "open": (gettext_lazy("asked"), "blue"),
    "accepted": (gettext_lazy("accepted"), "green"),
    "part": (gettext_lazy("offered a part"), "teal"),
    "declined": (gettext_lazy("declined"), "red"),
    "expired": (gettext_lazy("no answer"), "orange"),
    "ended": (gettext_lazy("invitation ended"), "grey"),
    "placed": (gettext_lazy("called off"), "green"),
    "called_off": (gettext_lazy("called off"), "green"),
    "next": (gettext_lazy("next"), "yellow"),
}
"""How an invitation stands, and the tone of its tag."""

HOLD_REASONS = {
    "person_undecided": gettext_lazy("The person is undecided"),
    "assessment_open": gettext_lazy("The assessment is not finished"),
    "in_hospital": gettext_lazy("The person is in hospital"),
    "family_asked": gettext_lazy("The family asked for it"),
    "safeguarding": gettext_lazy("A safeguarding inquiry"),
    "other": gettext_lazy("Another reason"),
}
WITHDRAW_REASONS = {
    "died": gettext_lazy("The person has died"),
    "hospital": gettext_lazy("The person went into hospital"),
    "care_home": gettext_lazy("The person moved into a care home"),
    "moved": gettext_lazy("The person moved away"),
    "own_choice": gettext_lazy("The person no longer wants it"),
    "needs_met": gettext_lazy("The needs are met in another way"),
    "error": gettext_lazy("It was approved in error"),
    "other": gettext_lazy("Another reason"),
}
ABSENCES = {
    "hospital": gettext_lazy("In hospital"),
    "care_home": gettext_lazy("In a care home for a while"),
    "holiday": gettext_lazy("Away, on holiday or with family"),
    "refused": gettext_lazy("The person refuses the care for now"),
    "person": gettext_lazy("The person cancels it for another reason"),
    "safeguarding": gettext_lazy("The council stops it: a safeguarding inquiry"),
    "council": gettext_lazy("The council stops it for another reason"),
    "provider": gettext_lazy("The provider cannot deliver it"),
}
"""Why visits are not to be made for a while; a death is none of these."""
CANCELLED_BY = {
    "person": gettext_lazy("The person"),
    "provider": gettext_lazy("The provider"),
    "council": gettext_lazy("The council"),
}
FUNDING_KINDS = {
    "council": gettext_lazy("Social care of the council"),
    "chc": gettext_lazy("NHS continuing healthcare"),
    "joint": gettext_lazy("Joint funding"),
    "s117": gettext_lazy("Aftercare under section 117"),
    "reablement": gettext_lazy("Reablement, which is free"),
}
PARTS_OF_THE_DAY = {
    "morning": gettext_lazy("Morning"),
    "lunch": gettext_lazy("Lunch"),
    "tea": gettext_lazy("Tea"),
    "bed": gettext_lazy("Bed"),
    "night": gettext_lazy("Night"),
}
END_REASONS = {
    "died": gettext_lazy("The person has died"),
    "hospital": gettext_lazy("The person went into hospital for good"),
    "care_home": gettext_lazy("The person moved into a care home"),
    "moved": gettext_lazy("The person moved away"),
    "own_choice": gettext_lazy("The person no longer wants it"),
    "needs_met": gettext_lazy("The care is no longer needed"),
    "cost": gettext_lazy("It costs more than is to be paid"),
    "handback": gettext_lazy("The provider gave it back"),
    "changed": gettext_lazy("The need has changed"),
    "other": gettext_lazy("Another reason"),
}
DECLINE_REASONS = {
    "no_capacity_in_band": gettext_lazy("No capacity at these times of day"),
    "no_capacity": gettext_lazy("No capacity at all"),
    "location": gettext_lazy("Too far or too hard to reach"),
    "double_handed": gettext_lazy("Cannot send two care workers at once"),
    "skills": gettext_lazy("Care workers lack the skills"),
    "language_or_gender": gettext_lazy("No care worker of the language or gender asked for"),
    "price": gettext_lazy("The price"),
    "risk_to_staff": gettext_lazy("A risk to staff"),
    "start_date": gettext_lazy("Cannot begin on the day wanted"),
    "person_known_unsuitable": gettext_lazy("Knows the person and is not suitable"),
    "other": gettext_lazy("Another reason"),
    "wrong_information": gettext_lazy("What we told them was wrong\nThis does not count against the provider."),
    "withdrawn": gettext_lazy("We had withdrawn the request\nThis does not count against the provider."),
}
OVERRIDE_REASONS = {
    "person_at_risk": gettext_lazy("The person is at risk"),
    "court_order": gettext_lazy("A court has ordered it"),
    "correction_of_error": gettext_lazy("An error has to be corrected"),
    "other_authorised": gettext_lazy("Another reason, authorised"),
}
OUTSIDE_REASONS = {
    "emergency_at_night": gettext_lazy("An emergency at night"),
    "nobody_on_framework": gettext_lazy("Nobody enrolled could take it"),
    "court_order": gettext_lazy("A court has ordered it"),
    "persons_choice": gettext_lazy("The person chose a provider outside the model"),
    "continuity": gettext_lazy("The provider was caring for the person already"),
    "other": gettext_lazy("Another reason"),
}
HANDBACK_REASONS = {
    "no_workers": gettext_lazy("no care workers for it"),
    "needs_changed": gettext_lazy("the needs have changed"),
    "risk_to_staff": gettext_lazy("a risk to staff"),
    "travel": gettext_lazy("the journey"),
    "price": gettext_lazy("the price"),
    "closing": gettext_lazy("the branch is closing"),
    "other": gettext_lazy("another reason"),
}
BRIDGES = {
    "reablement": gettext_lazy("Reablement team"),
    "in_house": gettext_lazy("The council's own team"),
    "residential": gettext_lazy("A place in a care home for a while"),
}
CHANNELS = {
    "portal": gettext_lazy("in the portal"),
    "api": gettext_lazy("by its own system"),
    "phone": gettext_lazy("by telephone"),
    "email": gettext_lazy("by e-mail"),
    "letter": gettext_lazy("by letter"),
    "mailbox": gettext_lazy("in the sealed mailbox"),
}
KINDS = {
    "new": gettext_lazy("new"),
    "variation": gettext_lazy("variation of what the provider has already"),
    "chosen": gettext_lazy("the person's choice"),
    "block": gettext_lazy("block contract"),
    "in_house": gettext_lazy("the council's own service"),
    "outside": gettext_lazy("outside the model"),
}
PACKAGE_STATES = {
    Package.SOURCING: (gettext_lazy("looking for a provider"), "blue"),
    Package.CALLED_OFF: (gettext_lazy("called off"), "green"),
    Package.STARTED: (gettext_lazy("care has begun"), "green"),
    Package.ENDED: (gettext_lazy("ended"), "grey"),
    Package.WITHDRAWN: (gettext_lazy("withdrawn"), "grey"),
}

NEXT_ACTIONS = {
    "await_others": gettext_lazy("Waits for others nearby"),
    "in_lot": gettext_lazy("Asked for in a lot"),
    "start_step": gettext_lazy("Ready to start"),
    "await_answers": gettext_lazy("Answers due"),
    "confirm": gettext_lazy("Confirm the call-off"),
    "approve_price": gettext_lazy("The price needs approval"),
    "second_override": gettext_lazy("A second person must agree"),
    "await_step": gettext_lazy("The next step opens"),
    "on_hold": gettext_lazy("On hold: look again"),
    "await_minutes": gettext_lazy("No spare hours: look again"),
    "decide": gettext_lazy("Nobody left to ask: decide"),
    "answer_handback": gettext_lazy("Answer the handback"),
    "enter_start": gettext_lazy("Enter the first visit"),
    "none": gettext_lazy("Nothing to do"),
}
"""What somebody has to do next, by the code in the package's row."""


def action_words(action: str) -> str:
    """What is to do next, in words."""
    return str(NEXT_ACTIONS.get(action, action.replace("_", " ")))


def person_without_name(person: Person, today: date) -> str:
    """Who the person is for somebody who may not know: "woman, 80s, Hill"."""
    sex = {"female": _("woman"), "male": _("man")}.get(person.sex, _("person"))
    age = today.year - person.born_on.year - ((today.month, today.day) < (person.born_on.month, person.born_on.day))
    decade = _("%(decade)ds") % {"decade": age // 10 * 10} if age >= 20 else _("under 20")
    return ", ".join([sex, decade, person.area.name])


def whose(package: Package, today: date, *, named: bool) -> str:
    """Whose the package is, by name for whoever may know it; of a lot, how many people's."""
    if package.person is None:
        count = package.members.count()
        return ngettext("a lot of %(count)d package", "a lot of %(count)d packages", count) % {"count": count}
    return person_with_name(package.person) if named else person_without_name(package.person, today)


def person_with_name(person: Person) -> str:
    """The identity line."""
    told = [person.name, _("born %(day)s") % {"day": f"{person.born_on.day} {person.born_on:%B %Y}"}]
    told += [one for one in (person.address, person.postcode) if one]
    return ", ".join(told)


def coded_needs(needs: frozenset[str], complexity: frozenset[str]) -> str:
    """What the person needs, in the words of the closed lists alone."""
    said = [say("capabilities", one) for one in sorted(needs)] + [say("complexity", one) for one in sorted(complexity)]
    return ", ".join(said)


def visit_words(visit: Visit) -> str:
    """One visit: "Monday 08:00, 30 min, 2 workers"."""
    clock = f"{visit.start_minute // 60:02d}:{visit.start_minute % 60:02d}"
    text = _("%(day)s %(clock)s, %(minutes)d min") % {
        "day": day_names()[visit.day],
        "clock": clock,
        "minutes": visit.minutes,
    }
    return (
        text if visit.workers == 1 else _("%(visit)s, %(workers)d workers") % {"visit": text, "workers": visit.workers}
    )


def days_of(at: datetime) -> date:
    """The day of a moment in London."""
    return local(at).date()
