"""
A command that comes twice is done once: again, or changed. At the same moment, and after a crash, see REL-21.

What happens at the same moment needs real transactions on a database of its own: tests/accept/rel_21.py has both.
"""

from __future__ import annotations

import pytest
from django.utils import timezone
from web.api.programs import refused

from calloff.domain.errors import CalloffError
from calloff.web.api.models import Token
from calloff.web.api.services.repeats import AnotherCommandError, once
from calloff.web.audit.models import Event
from calloff.web.brokerage.models import Offer, Repeat
from calloff.web.contracts.models import Declaration

KEY = "6f1c2a8e-7f0b"


@pytest.mark.django_db
class TestOneProgram:
    def test_the_same_again_brings_the_same_answer_and_no_second_effect(self, world, acorn):
        where = f"/invitations/{world.invitation(world.started(), 'acorn').token}/answer"
        first = acorn.post(where, {"answer": "accept", "message": "Gladly."}, KEY)
        events = Event.objects.count()
        world.later(minutes=3)

        second = acorn.post(where, None, KEY, raw=b' {"message":"Gladly.",  "answer":"accept"} ')

        assert (first.status_code, second.status_code) == (201, 201)
        assert second.content == first.content
        assert second["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first
        assert (Offer.objects.count(), Event.objects.count(), Repeat.objects.count()) == (1, events, 1)

    def test_another_body_or_another_address_under_the_key_is_refused(self, world, acorn):
        package, other = world.started(), world.started()
        where = f"/invitations/{world.invitation(package, 'acorn').token}/answer"
        elsewhere = f"/invitations/{world.invitation(other, 'acorn').token}/answer"
        acorn.post(where, {"answer": "accept"}, KEY)

        refused(acorn.post(where, {"answer": "accept", "message": "x"}, KEY), 422, "another-body")
        refused(acorn.post(elsewhere, {"answer": "accept"}, KEY), 422, "another-body")

        assert Offer.objects.count() == 1
        assert acorn.post(elsewhere, {"answer": "accept"}, KEY + "2").status_code == 201

    def test_a_refusal_is_an_answer_too(self, world, acorn):
        own = world.invitation(world.started(), "acorn")
        where = f"/invitations/{own.token}/answer"
        body = {"answer": "accept", "start_on": "2026-11-20"}
        first = acorn.post(where, body, KEY)
        refused(first, 422, "not-valid")
        world.at = own.deadline_at

        assert acorn.post(where, body, KEY).content == first.content
        world.later(seconds=1)
        assert acorn.post(where, body, KEY).content == first.content
        refused(acorn.post(where, body, KEY + "2"), 410, "too-late")
        assert acorn.post(where, body, KEY + "2").content == acorn.post(where, body, KEY + "2").content
        assert not Offer.objects.exists()

    def test_the_keys_of_two_users_are_apart(self, world, acorn, beech):
        package = world.started()
        for program, name in ((acorn, "acorn"), (beech, "beech")):
            where = f"/invitations/{world.invitation(package, name).token}/answer"
            assert program.post(where, {"answer": "accept"}, KEY).status_code == 201
        assert Offer.objects.count() == 2

    def test_what_is_stored_is_read_only_with_a_key_that_counts(self, world, acorn):
        where = f"/invitations/{world.invitation(world.started(), 'acorn').token}/answer"
        acorn.post(where, {"answer": "accept"}, KEY)
        Token.objects.update(expires_at=world.at, made_at=world.at.replace(year=2025))
        refused(acorn.post(where, {"answer": "accept"}, KEY), 401, "no-key")

    @pytest.mark.parametrize("key", [None, " ", "a b", "é", "x" * 81, "a\tb"])
    def test_no_command_without_a_key_of_its_own(self, world, acorn, key):
        enrolment = world.declared("acorn")
        body = {"pools": [{"number": 0, "minutes_per_week": 1_200}]}
        refused(acorn.post(f"/spare-minutes/{enrolment.token}", body, key), 400, "unreadable")
        assert not Declaration.objects.exists()
        assert not Repeat.objects.exists()

    @pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"answer": NaN'])
    def test_what_is_no_json_is_not_read(self, world, acorn, raw):
        where = f"/invitations/{world.invitation(world.started(), 'acorn').token}/answer"
        refused(acorn.post(where, None, KEY, raw=raw), 400, "unreadable")
        assert not Repeat.objects.exists()

    def test_a_body_that_is_too_large_is_not_read(self, world, acorn, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        where = f"/invitations/{world.invitation(world.started(), 'acorn').token}/answer"
        answer = acorn.post(where, {"answer": "accept", "message": "x" * 200}, KEY)
        assert answer.status_code in (400, 413)
        assert answer["Content-Type"] == "application/problem+json"

    def test_minutes_declared_twice_under_a_key_are_declared_once(self, world, acorn):
        enrolment = world.declared("acorn")
        body = {"pools": [{"number": 0, "minutes_per_week": 1_200}]}
        first, second = (acorn.post(f"/spare-minutes/{enrolment.token}", body, KEY) for _ in range(2))
        assert (first.status_code, first.content) == (200, second.content)
        assert Declaration.objects.count() == 1


@pytest.mark.django_db
class TestTheService:
    def do(self, user, act, key=KEY, command=None):
        return once(
            user=user,
            key=key,
            command=command or {"a": 1},
            at=timezone.now(),
            do=act,
            refused=lambda refusal: (409, {"told": str(refusal)}),
        )

    def test_what_breaks_leaves_neither_effect_nor_key(self, world):
        def breaks():
            world.user("somebody")
            raise RuntimeError("the power went")

        with pytest.raises(RuntimeError):
            self.do(world.broker, breaks)
        assert not Repeat.objects.exists()
        assert self.do(world.broker, lambda: (200, {"b": 2})).body == {"b": 2}

    def test_a_refusal_undoes_what_was_begun(self, world):
        def refuses():
            world.user("somebody")
            raise CalloffError("no")

        done = self.do(world.broker, refuses)
        assert (done.status, done.body, done.again) == (409, {"told": "no"}, False)
        assert not type(world.broker).objects.filter(name="somebody").exists()
        assert self.do(world.broker, refuses).again

    def test_another_command_is_told_apart(self, world):
        self.do(world.broker, lambda: (200, {}))
        with pytest.raises(AnotherCommandError):
            self.do(world.broker, lambda: (200, {}), command={"a": 2})
