"""What a council has said of pay is read once for many people, and again after any act; nobody is settled twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from web.paying import Paying

from calloff.web.payments.models import Entitlement, PayTerms
from calloff.web.payments.services import entitling, terms
from calloff.web.payments.services.entitling import silent_weeks
from calloff.web.payments.services.pay_book import PayBook
from calloff.web.payments.services.pricing import Weeks, together

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 13)


@pytest.fixture
def paying(tmp_path):
    return Paying(tmp_path, packages=2)


def read(book, branch):
    """What is asked of the database for one person's turn, and what it finds."""
    with book.turn(), CaptureQueriesContext(connection) as asked:
        found = book.rules.values, book.heard_until(branch), book.on_plan(None).book.terms
    return len(asked), found


@pytest.mark.django_db
def test_what_was_read_stands_in_the_next_turn_and_is_read_again_after_an_act(paying):
    council, branch = paying.world.council, paying.world.branch("Acorn").pk
    book = PayBook(council)

    assert read(book, branch)[0] == 3
    assert read(book, branch) == (0, read(book, branch)[1])

    paying.send(paying.delivered())
    told = {"council": council, "enrolment": None, "from_on": FIRST, "by": paying.payer, "at": paying.at}
    terms.set_terms(period=PayTerms.MONTHLY, **told)
    count, (_rules, heard, standing) = read(book, branch)
    assert (count, heard) == (3, LAST)
    assert [one.period for one in standing] == [PayTerms.MONTHLY]


@pytest.mark.django_db
def test_a_file_settles_each_person_once(paying, monkeypatch):
    settled, entitle = [], entitling.entitle

    def watched(book, *, people, weeks, at):
        settled.extend(people)
        return entitle(book, people=people, weeks=weeks, at=at)

    monkeypatch.setattr(entitling, "entitle", watched)
    paying.send(paying.delivered())

    assert sorted(settled) == sorted({package.person_id for package in paying.packages})


def test_of_what_no_file_says_only_the_weeks_are_looked_at_that_are_not_in_any_case():
    week, after = Weeks.around([FIRST]), FIRST + timedelta(days=7)
    unheard = {1: [FIRST, FIRST + timedelta(days=6)], 2: [FIRST, after], 3: [FIRST, LAST], 4: [FIRST]}

    found = silent_weeks(unheard, {1: week, 2: week, 3: Weeks(after, after + timedelta(days=6))})

    assert found == {2: Weeks.around([after]), 3: week, 4: week}


@pytest.mark.django_db
def test_people_settled_together_are_worth_what_each_is_worth_alone(paying):
    """Their visits are at the same times and made by the same workers, so that each is noticed in the other's home."""
    paying.send(paying.delivered())
    at_once = Entitlement.objects.filter(marks__gt=0).count()
    people, weeks = [package.person_id for package in paying.packages], Weeks.around([FIRST, LAST])

    book = PayBook(paying.world.council)
    with book.turn():
        alone = [
            one for person in people for one in entitling.entitle(book, people=[person], weeks=weeks, at=paying.at)
        ]

    assert (alone, Entitlement.objects.exclude(number=1).count()) == ([], 0)
    assert at_once > 0


def test_so_many_people_are_settled_together_as_have_forty_weeks():
    fortnight, week, year = (Weeks.around([FIRST, FIRST + timedelta(days=days)]) for days in (7, 0, 363))
    wanted = {1: fortnight, 2: week, 3: year, 4: year} | dict.fromkeys(range(10, 35), fortnight)

    found = [(one.count, people) for one, people in together(wanted)]

    assert found == [(2, [1, *range(10, 29)]), (2, [*range(29, 35)]), (1, [2]), (52, [3]), (52, [4])]
