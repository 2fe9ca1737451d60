"""
One provider learns nothing of another: two runs that differ only in beech's secrets show acorn the very same bytes.
"""

from __future__ import annotations

import pytest
from django.utils import timezone
from web.provider_portal import two_runs as runs
from web.provider_portal.reading import ok, text_of
from web.provider_portal.two_runs import STORIES, accepts, declines, has_few_hours, offers_a_part, play, silent, writes
from world import World

from calloff.web.brokerage.models import Invitation
from calloff.web.brokerage.services.confirming import proposal
from calloff.web.contracts.services import market
from calloff.web.jobs.services import message_id

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("secret", [accepts, declines, offers_a_part, writes, has_few_hours])
@pytest.mark.parametrize("story", STORIES)
def test_nothing_of_what_another_answers_writes_or_has_to_spare_is_seen(story, secret):
    assert runs.differing(play(story, silent), play(story, secret)) == []


@pytest.mark.parametrize("story", STORIES)
def test_nothing_of_anothers_price_is_seen(story):
    assert runs.differing(play(story, accepts, 16), play(story, accepts, 19)) == []


def test_who_lost_learns_the_criterion_and_not_by_how_much():
    assert runs.differing(play(runs.lost, accepts, 14), play(runs.lost, accepts, 9)) == []


def test_the_order_of_answers_is_not_seen():
    assert runs.differing(play(runs.first, silent), play(runs.first, accepts)) == []


@pytest.mark.parametrize("story", [runs.accepted, runs.called_off])
def test_no_number_that_is_told_counts_anything(story):
    assert runs.differing(play(story, accepts), play(story, accepts, elsewhere=2)) == []


def test_an_email_is_called_by_nothing_that_counts():
    names = [message_id(number) for number in range(100, 120)]

    assert len(set(names)) == 20
    assert names != sorted(names)
    assert names[0] == message_id(100)


def test_letters_to_a_loser_and_to_a_winner_are_told_apart():
    assert runs.differing(play(runs.lost, accepts, 14), play(runs.called_off, accepts, 16))


# A sealed step


@pytest.fixture
def sealed(monkeypatch, settings) -> World:
    settings.SESSION_COOKIE_AGE = 10**8
    market._kept.clear()
    made = runs.a_sealed_world()
    made.provider("acorn", 15, quality_score=80)
    made.provider("beech", 16, quality_score=80)
    monkeypatch.setattr(timezone, "now", lambda: made.at)
    return made


def test_a_sealed_answer_bids_a_price_changes_until_the_deadline_and_stays_closed(sealed, signed_in):
    package = sealed.started()
    acorn, beech = signed_in(sealed.manager("acorn")), signed_in(sealed.manager("beech"))
    own, others = sealed.invitation(package, "acorn"), sealed.invitation(package, "beech")
    where = f"/provider/invitations/{own.token}"

    page = acorn.get(f"{where}/answer")
    assert "Nobody sees your answer before then" in text_of(page)
    assert b'value="part"' not in page.content
    assert "at most £15.00" in text_of(acorn.post(f"{where}/answer", {"answer": "accept", "price": "15.50"}))
    ok(acorn.post(f"{where}/answer", {"answer": "decline", "reason": "price"}), f"{where}/thanks")
    assert "You can change your answer" in text_of(acorn.get(where))
    ok(acorn.post(f"{where}/answer", {"answer": "accept", "price": "14.20"}), f"{where}/thanks")
    ok(
        beech.post(f"/provider/invitations/{others.token}/answer", {"answer": "accept"}),
        f"/provider/invitations/{others.token}/thanks",
    )
    assert Invitation.objects.get(pk=own.pk).state == Invitation.OPEN

    sealed.later(days=2)
    assert "The council has not decided yet" in text_of(acorn.get(where))
    shown = proposal(sealed.again(package), sealed.at)
    assert shown is not None
    sealed.confirm(package)

    said = text_of(beech.get(f"/provider/invitations/{others.token}"))
    assert "did not have the highest total" in said
    for secret in ("14.20", "acorn", "£15"):
        assert secret not in said
    assert "£49.70 a week, £14.20 an hour" in text_of(acorn.get(f"/provider/packages/{package.call_offs.get().token}"))
