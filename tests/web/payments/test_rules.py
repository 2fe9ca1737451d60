"""A payment rule is published by two people from a day on, and a second one runs in shadow without effect."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from web.paying import TWO_WEEKS, Paying

from calloff.documents.payment_rules import shipped, shipped_folder, shipped_ids
from calloff.domain.errors import DocumentErrors
from calloff.domain.packages import Visit
from calloff.web.payments.models import Entitlement, PayLine, RuleProposal, RuleVersion, Shadow
from calloff.web.payments.services import rules

pytestmark = pytest.mark.django_db


MORNINGS_OF_35_MINUTES = tuple(Visit(day, 480, 35) for day in range(7))
"""At 19 pounds an hour such a visit is no whole number of pence."""


def text_of(name):
    return (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.fixture
def paying(tmp_path):
    return sent(Paying(tmp_path, packages=1))


def sent(made):
    made.send(made.delivered())
    return made


def proposed(paying, starts_on=date(2026, 12, 21), text=None):
    commissioner = paying.world.user("commissioner", "commissioner")
    text = text or text_of("hull_planned")
    return rules.propose(
        council=paying.world.council, model="framework", text=text, starts_on=starts_on, by=commissioner, at=paying.at
    )


def test_a_rule_is_published_by_another_person_and_counts_from_its_day(paying):
    proposal = proposed(paying)

    with pytest.raises(rules.RuleError, match="another person"):
        rules.decide(proposal=proposal, approved=True, by=paying.world.user("commissioner"), at=paying.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        RuleProposal.objects.filter(pk=proposal.pk).update(
            state="approved", decided_identity=proposal.proposed_identity
        )
    manager = paying.world.user("contracts", "contract_manager")
    made = rules.decide(proposal=proposal, approved=True, by=manager, at=paying.at)

    assert (made.rule, made.version, made.starts_on) == ("hull_planned", 2, date(2026, 12, 21))
    with pytest.raises(rules.RuleError, match="decided already"):
        rules.decide(proposal=proposal, approved=True, by=manager, at=paying.at)
    with pytest.raises(rules.RuleError, match="begins on 21 December"):
        proposed(paying)


def test_a_rule_begins_today_or_later_and_a_faulty_text_is_told_by_its_line(paying):
    with pytest.raises(rules.RuleError, match="today or later"):
        proposed(paying, date(2026, 12, 14))
    with pytest.raises(DocumentErrors, match=r"rule.yaml:\d+"):
        proposed(paying, text=text_of("hull_planned").replace("pay: planned", "pay: guessed"))
    assert not RuleProposal.objects.exists()


@pytest.mark.parametrize("name", shipped_ids())
def test_each_shipped_rule_reads_as_sentences(name):
    said = rules.in_words(shipped(name))

    assert len(said) >= 3
    assert all(one.endswith(".") for one in said)


def test_a_shadow_compares_and_changes_nothing(paying):
    before = list(Entitlement.objects.order_by("pk").values())
    shadow = rules.ask_for_shadow(
        council=paying.world.council,
        model="*",
        text=text_of("hull_planned"),
        from_on=date(2026, 11, 30),
        to_on=TWO_WEEKS,
        by=paying.world.user("commissioner", "commissioner"),
        at=paying.at,
    )
    paying.world.at = paying.at + timedelta(seconds=5)

    paying.world.work()

    shadow.refresh_from_db()
    assert shadow.state == Shadow.DONE
    [acorn] = rules.compared(shadow)
    live = Entitlement.objects.filter(on__range=(date(2026, 11, 30), TWO_WEEKS))
    assert (acorn.visits, acorn.live_pence) == (live.count(), sum(one.pence for one in live))
    # Hull pays what was planned, so the same visits are worth at least as much.
    assert acorn.shadow_pence > acorn.live_pence
    assert 0 < acorn.differing < acorn.visits
    assert list(Entitlement.objects.order_by("pk").values()) == before
    assert not PayLine.objects.exists()
    assert RuleVersion.objects.count() == 1


@pytest.mark.parametrize("rule", ["isle_of_wight_2021_fixed", "leeds_2010_lines"])
def test_a_shadow_of_the_rule_in_force_differs_nowhere_by_visit_or_week(tmp_path, rule):
    paying = sent(Paying(tmp_path, packages=1, rule=rule, visits=MORNINGS_OF_35_MINUTES))
    shadow = rules.ask_for_shadow(
        council=paying.world.council,
        model="framework",
        text=RuleVersion.objects.get().text,
        from_on=date(2026, 11, 30),
        to_on=TWO_WEEKS,
        by=paying.world.user("commissioner", "commissioner"),
        at=paying.at,
    )
    paying.world.at = paying.at + timedelta(seconds=5)
    paying.world.work()
    shadow.refresh_from_db()

    [acorn] = rules.compared(shadow)

    assert (acorn.differing, acorn.live_pence - acorn.shadow_pence) == (0, 0)
    every = Entitlement.objects.filter(on__range=(date(2026, 11, 30), TWO_WEEKS))
    assert acorn.live_pence == sum(one.pence for one in every)
    assert every.filter(component=Entitlement.ROUNDING).exists() == (rule == "leeds_2010_lines")
