"""Sort codes and account numbers: the banks' published cases, by both checkers, and what two answers come to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from calloff.formats import account_check
from calloff.formats.account_check import Verdict, agreed, verdict

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/bank_accounts.yaml").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_published_cases(case):
    assert verdict(case["sort_code"], case["account"]) == case["expect"]


@pytest.mark.parametrize(
    ("first", "second", "known", "expected"),
    [
        (True, True, True, Verdict.RIGHT),
        (False, False, True, Verdict.WRONG),
        (True, False, True, Verdict.DISAGREE),
        (False, True, True, Verdict.DISAGREE),
        (True, True, False, Verdict.UNKNOWN),
    ],
)
def test_what_two_answers_come_to(first, second, known, expected):
    assert agreed(first, second, known=known) is expected
    assert expected.is_sure == (known and first == second)


def test_each_checker_is_asked(monkeypatch):
    first, second = account_check._checkers()
    case = CASES[0]
    assert verdict(case["sort_code"], case["account"]) is Verdict.RIGHT

    monkeypatch.setattr(account_check, "_checkers", lambda: (lambda _sort, _account: False, second))

    assert verdict(case["sort_code"], case["account"]) is Verdict.DISAGREE
    assert first(case["sort_code"], case["account"])


def test_the_checkers_agree_on_every_range_of_the_tables():
    chance = random.Random(20)
    for line in account_check._lines("valacdos.txt"):
        since, until = line.split()[:2]
        for _ in range(3):
            sort_code = f"{chance.randint(int(since), int(until)):06d}"
            account = f"{chance.randint(1, 99_999_999):08d}"
            assert verdict(sort_code, account).is_sure, (sort_code, account)
