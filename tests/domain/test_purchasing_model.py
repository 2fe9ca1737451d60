"""Which document governs a package, and which package is served next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import model_of

from calloff.domain.contracts import PriceCell
from calloff.domain.errors import NoApplicableModelError, SeveralModelsError
from calloff.domain.packages import Package, Visit
from calloff.domain.purchasing_model import (
    Scope,
    applicable_model,
    next_package,
    price_rule_for,
    why_not_applicable,
)

APPROVED_AT = datetime(2018, 3, 5, 9, 30, tzinfo=UTC)
RANKED = model_of("ranked")
LEEDS = model_of("leeds_2010_framework")


def a_package(reference: str = "P-1", **about) -> Package:
    usual = {
        "approved_at": APPROVED_AT,
        "required_start_on": date(2018, 3, 12),
        "priority": 5,
        "nation": "scotland",
        "locality": "North",
        "visits": (Visit(0, 480, 30),),
    }
    return Package(reference, **{**usual, **about})


@pytest.mark.parametrize(
    ("start_on", "why"),
    [
        (date(2017, 3, 31), "in force from 2017-04-01, the package starts on 2017-03-31"),
        (date(2017, 4, 1), ""),
        (date(2022, 3, 31), ""),
        (date(2022, 4, 1), "ended on 2022-03-31, the package starts on 2022-04-01"),
    ],
)
def test_a_model_governs_from_its_first_day_to_its_last(start_on, why):
    assert why_not_applicable(RANKED, a_package(required_start_on=start_on)) == why


@pytest.mark.shows("LE14-16")
def test_a_framework_whose_end_date_has_passed_governs_nothing_and_says_since_when():
    package = a_package(required_start_on=date(2014, 2, 20))

    with pytest.raises(NoApplicableModelError) as refusal:
        applicable_model([LEEDS], package)

    assert str(refusal.value) == (
        "no purchasing model covers package P-1: "
        "leeds_2010_framework: ended on 2013-10-31, the package starts on 2014-02-20"
    )


def test_every_model_that_came_near_is_named_with_its_reason():
    elsewhere = replace(RANKED, id="elsewhere", scope=Scope(localities=frozenset({"South"})))

    with pytest.raises(NoApplicableModelError) as refusal:
        applicable_model([LEEDS, elsewhere], a_package())

    assert "leeds_2010_framework: ended on 2013-10-31" in str(refusal.value)
    assert "elsewhere: the package is outside its scope" in str(refusal.value)


def test_the_narrower_of_two_models_governs():
    nights = replace(RANKED, id="nights", scope=Scope(care_types=frozenset({"night_support"})))
    models = [RANKED, nights]

    assert applicable_model(models, a_package(care_type="night_support")) is nights
    assert applicable_model(models[::-1], a_package(care_type="night_support")) is nights
    assert applicable_model(models, a_package()) is RANKED


def test_two_models_of_equal_scope_are_refused_not_chosen_between():
    with pytest.raises(SeveralModelsError, match="ranked and other both cover package P-1"):
        applicable_model([RANKED, replace(RANKED, id="other")], a_package())


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(), True),
        (Scope(service_types=frozenset({"care_at_home"})), True),
        (Scope(service_types=frozenset({"housing_support"})), False),
        (Scope(client_groups=frozenset({"other"})), False),
        (Scope(localities=frozenset({"North", "South"})), True),
    ],
)
def test_a_scope_limits_only_what_it_names(scope, covered):
    assert scope.covers(a_package()) is covered
    assert scope.narrowness == sum(bool(part) for part in vars(scope).values())


def test_a_model_without_a_term_governs_on_any_day():
    parent = replace(RANKED, term_applies=False)

    assert why_not_applicable(parent, a_package(required_start_on=date(1999, 1, 1))) == ""


# --- Who is served next


LATER, EARLIER = date(2018, 3, 13), date(2018, 3, 12)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"priority": 1, "required_start_on": LATER}, {"priority": 2, "required_start_on": EARLIER}),
        (
            {"required_start_on": EARLIER, "approved_at": APPROVED_AT},
            {"required_start_on": LATER, "approved_at": APPROVED_AT - HOUR},
        ),
        ({"approved_at": APPROVED_AT - HOUR}, {"approved_at": APPROVED_AT}),
        ({}, {}),
    ],
    ids=["priority", "required start", "waiting since", "reference"],
)
def test_next_package_is_by_priority_then_start_then_wait_then_reference(first, second):
    names = ("Z", "A") if first or second else ("A", "Z")
    one, other = a_package(names[0], **first), a_package(names[1], **second)

    assert next_package(RANKED, [one, other], APPROVED_AT) is one
    assert next_package(RANKED, [other, one], APPROVED_AT) is one


def test_nobody_waits_before_approval_or_for_another_model():
    approved_later = a_package("A", approved_at=APPROVED_AT + timedelta(seconds=1))
    for_another = a_package("B", required_start_on=date(2012, 1, 1))
    waiting = a_package("C", priority=6)

    assert next_package(RANKED, [approved_later, for_another, waiting], APPROVED_AT) is waiting
    assert next_package(RANKED, [approved_later, for_another], APPROVED_AT) is None


waits = st.builds(
    a_package,
    st.uuids().map(str),
    priority=st.integers(1, 6),
    required_start_on=st.dates(date(2018, 1, 1), date(2018, 1, 5)),
    approved_at=st.integers(0, 3).map(lambda hours: APPROVED_AT - hours * HOUR),
)


@given(st.lists(waits, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_next_package_does_not_depend_on_the_order_of_the_list(packages, random):
    shuffled = list(packages)
    random.shuffle(shuffled)

    assert next_package(RANKED, shuffled, APPROVED_AT) == next_package(RANKED, packages, APPROVED_AT)


# --- Ceilings


def test_a_ceiling_of_the_tier_stands_before_one_of_all_tiers():
    model = model_of(
        {
            "document": "tiers",
            "changes": {
                "price": {
                    "set_by": "provider",
                    "assumed": "an example",
                    "lines": [
                        {"ceiling_gbp_per_hour": "20.00", "area_band": "rural", "assumed": "an example"},
                        {"ceiling_gbp_per_hour": "18.00", "tiers": ["first"], "assumed": "an example"},
                    ],
                }
            },
        }
    )
    rural = PriceCell("personal_care", "rural", "*", "*", 1)
    urban = PriceCell("personal_care", "urban", "*", "*", 1)
    on = date(2018, 3, 12)

    first, second = price_rule_for(model, "first", rural, on), price_rule_for(model, "second", rural, on)

    assert first is not None
    assert first.line.centipence == 180_000
    assert second is not None
    assert second.line.centipence == 200_000
    assert price_rule_for(model, "second", urban, on) is None


def test_a_tier_is_found_by_its_name():
    assert RANKED.tier("framework").role == "member"


@pytest.mark.shows("IW21-28")
def test_the_councils_own_fees_are_told_apart_from_ceilings():
    assert [rule.line.centipence for rule in model_of("prime").prices if rule.fixed] == [192_800]
    assert not any(rule.fixed for rule in RANKED.prices)
