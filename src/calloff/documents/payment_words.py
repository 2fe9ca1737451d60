"""Why a visit is worth what it is worth, in one sentence that provider, person and finance all read."""

from __future__ import annotations

from calloff.documents.wording import length_words, rate_words, say
from calloff.domain.payment import Basis
from calloff.domain.payment_rule import PaymentRule
from calloff.domain.visits import LogIs, Mark, Reason


def why(
    rule: PaymentRule,
    reason: Reason,
    *,
    planned_minutes: int,
    workers: int,
    worked_minutes: int,
    paid_minutes: int,
    centipence: int,
    unit: str,
) -> str:
    """
    The sentence for one visit; minutes worked and paid are those of all its workers.

    No amount stands in it: the amount stands beside it.
    """
    code = reason.name.lower()
    if reason is Reason.NO_ACCESS and not paid_minutes:
        code = "no_access_too_often"
    return say(
        "pay_reasons",
        code,
        worked=length_words(worked_minutes),
        planned=_planned(planned_minutes, workers),
        paid=length_words(paid_minutes),
        rate=_rate(rule, centipence, unit),
        share=f"{_share(rule, reason)} %",
        rule=counted(rule, workers),
    )


def counted(rule: PaymentRule, workers: int = 1) -> str:
    """How a rule counts the minutes of a visit that was delivered, as a half-sentence."""
    if rule.basis is None:
        return say("pay_bases", "planned")
    code = rule.basis.name.lower()
    if not rule.capped and rule.basis in (Basis.ACTUAL, Basis.ROUNDED):
        code += "_uncapped"
    told = say(
        "pay_bases",
        code,
        tolerance=length_words(rule.tolerance_minutes),
        round_to=length_words(rule.round_to_minutes),
    )
    if workers > 1 and rule.count == "overlap":
        told = say("pay_bases", "overlap", rule=told)
    if rule.least_minutes:
        told = say("pay_bases", "at_least", rule=told, least=length_words(rule.least_minutes))
    return told


def noticed(marks: int) -> list[str]:
    """What is noticed about a visit, a sentence each."""
    return [say("pay_marks", mark.name.lower()) for mark in Mark if marks & mark]


def became(is_a: LogIs) -> str:
    """What became of a row of a provider's file."""
    return say("pay_logs", is_a.name.lower())


def _planned(minutes: int, workers: int) -> str:
    return f"{workers} × {length_words(minutes)}" if workers > 1 else length_words(minutes)


def _rate(rule: PaymentRule, centipence: int, unit: str) -> str:
    if rule.basis is Basis.STEPPED:
        return "its price by length"
    return f"{rate_words(centipence)} {'an' if unit == 'hour' else 'a'} {unit}"


def _share(rule: PaymentRule, reason: Reason) -> int:
    shares = {
        Reason.NO_ACCESS: rule.no_access_percent,
        Reason.SHORT_NOTICE: rule.short_notice_percent,
        Reason.RETAINER: rule.retainer.percent if rule.retainer else 0,
    }
    return shares.get(reason, 100)
