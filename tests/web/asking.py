"""What tests of requests share: a council whose approvers have limits, forms as they are filled in, pages as read."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

from world import World, made_world

from calloff.web.brokerage.models import Request
from calloff.web.contracts.services import market

LIMITS = {"approver": {"pence_per_week": 50_000, "assumed": "an example"}, "senior_broker": {"pence_per_week": 10}}


def council_that_asks() -> World:
    """A council with two providers who have what is asked for, and an approver's limit."""
    market._kept.clear()
    made = made_world()
    made.council.limits = json.dumps(LIMITS)
    made.council.save()
    able = frozenset({"medication", "double_handed"})
    made.provider("acorn", 15, capabilities=able)
    made.provider("beech", 16, capabilities=able)
    return made


def text_of(answer):
    assert answer.status_code == 200, answer.status_code
    page = answer.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main)))


def ok(answer, where=None):
    """The form was taken; where it leads."""
    if answer.status_code == 200:
        raise AssertionError(text_of(answer))
    assert answer.status_code == 302, answer.status_code
    if where is not None:
        assert answer["Location"] == where
    return answer["Location"]


def day(world, name, days=0):
    on = (world.at + timedelta(days=days)).date()
    return {f"{name}_day": on.day, f"{name}_month": on.month, f"{name}_year": on.year}


def errors_of(answer):
    """What the summary says, each with the field it leads to; the page, its title and the field say so too."""
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Error: " in page
    summary = page[page.index("govuk-error-summary") :]
    summary = summary[: summary.index("</ul>")]
    found = re.findall(r'<a href="#([^"]+)">\s*(.*?)\s*</a>', summary, re.DOTALL)
    for field, text in found:
        assert f'id="{field}"' in page, field
        assert len(re.findall(re.escape(text), page)) >= 2, f"{text} is not beside its field"
    return [(field, html.unescape(text)) for field, text in found]


WEEK = {
    "rows": "1",
    "days_1": ["0", "1", "2", "3", "4", "5", "6"],
    "start_1": "8:00",
    "minutes_1": "30",
    "workers_1": "1",
    "tasks_1": ["washing", "dressing"],
}


def needs(world, **more):
    told = {
        "priority": "5",
        "care_type": "personal_care",
        "client_group": "older_people",
        "delivery_model": "managed",
        "needs": ["medication"],
        "outcomes": "Stay at home and get dressed every day.",
        "preferences": "Likes a quiet start.",
        "exclusions": "1",
    }
    return told | day(world, "required_start_on", 7) | more


def begun(world, client, person=None):
    """A draft for somebody; its reference."""
    person = person or world.person()
    where = ok(client.post(f"/requests/begin/{person.reference}"))
    return re.fullmatch(r"/requests/(R-\w+)/week", where)[1]


def written(world, client, week=WEEK, person=None, **more):
    """A draft of which both steps are written; its reference."""
    reference = begun(world, client, person)
    ok(client.post(f"/requests/{reference}/week", week), f"/requests/{reference}/needs")
    ok(client.post(f"/requests/{reference}/needs", needs(world, **more)), f"/requests/{reference}/check")
    return reference


def sent(world, client, week=WEEK, person=None, **more):
    reference = written(world, client, week, person, **more)
    ok(client.post(f"/requests/{reference}/check"), f"/requests/{reference}")
    return Request.objects.get(reference=reference)


def someone(world, **more):
    told = {
        "name": "Bea Sample",
        "born_on_day": "31",
        "born_on_month": "3",
        "born_on_year": "1941",
        "sex": "female",
        "address": "1 Invented Way\nHilltown",
        "postcode": "zz99zz",
        "area": "hill",
        "phone": "",
        "case_number": "C-77",
    }
    return told | more
