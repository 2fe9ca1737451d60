"""Acts on pay: rules, terms and prices, lines that wait, runs, what leaves for the bank, and the end of a period."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

from accept.acts import Act, of
from accept.paid_world import ONE_DAY, PaidWorld

BLOCKS_FROM, OUTCOMES_FROM = date(2030, 1, 1), date(2035, 1, 1)
"""Other rules are in force then, so that one contract can be paid in every way."""
ACCOUNT = {"sort_code": "089999", "account": "66374958", "name": "Acorn Care"}


def acts_of_money(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    """By service: what prepares it and gives the call."""
    return {
        **_of_runs(paid),
        **_of_holds(paid),
        **_of_deviations(paid),
        **_of_sending(paid),
        **_of_bank_details(paid),
        **_of_periods(paid),
        **_of_rules(paid),
        **_of_uplifts(paid),
        **_of_terms(paid),
    }


def _of_deviations(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.web.payments.models import Deviation
    from calloff.web.payments.services import alerting, deviations

    payer, manager, at = paid.payer, paid.manager, paid.at
    minutes = count(1)

    def missed() -> Any:
        """A visit of which the file of its week says nothing."""
        package = paid.package()
        paid.sent(paid.rows(package)[1:])
        return Deviation.objects.filter(visit__startswith=f"{package.reference}/").latest("pk")

    def say(one: Any) -> Any:
        told = {"cause": "weather", "code": "", "text": "Snow.", "from_provider": True}
        deviations.say(deviation=one, by=manager, at=at, **told)
        return one

    def answer(answered: Callable[..., object]) -> Callable[[], Act]:
        told = {"text": "The road was clear.", "from_provider": False, "by": payer, "at": at}
        return of(lambda: say(missed()), lambda one: answered(deviation=one, **told))

    return {
        "deviations.say": of(missed, say),
        "deviations.agree": answer(deviations.agree),
        "deviations.contest": answer(deviations.contest),
        "deviations.take": of(missed, lambda one: deviations.take(deviation=one, by=payer, at=at)),
        "alerting.set_late_limit": of(
            lambda: next(minutes),
            lambda limit: alerting.set_late_limit(council=paid.world.council, minutes=limit, by=payer, at=at),
        ),
    }


def _of_runs(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.web.payments.services import period_end, runs

    council, payer, at = paid.world.council, paid.payer, paid.at
    days = count()

    def waiting() -> None:
        paid.no_draft()
        paid.delivered()

    def draft_and_total() -> Any:
        run = paid.draft()
        return run, runs.total(run)

    return {
        "runs.start": of(waiting, lambda _: runs.start(council=council, to_on=paid.until, by=payer, at=at)),
        "runs.drop": of(paid.draft, lambda run: runs.drop(run=run, by=payer, at=at)),
        "runs.approve": of(
            draft_and_total,
            lambda both: runs.approve(run=both[0], shown_pence=both[1], by=paid.approver, at=at),
        ),
        "runs.release": of(paid.approved, lambda run: runs.release(run=run, by=payer, at=at)),
        "period_end.end_period": of(
            lambda: (paid.line(), paid.until - next(days) * ONE_DAY)[1],
            lambda on: period_end.end_period(council=council, on=on, by=payer, at=at),
        ),
    }


def _of_holds(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.web.payments.services import holds, waiting

    payer, at, council = paid.payer, paid.at, paid.world.council

    def held() -> Any:
        return holds.hold(entitlement=paid.line(), reason="time", words="Odd.", by=payer, at=at)

    return {
        "holds.hold": of(
            lambda: paid.draft().lines.order_by("-pk").first().entitlement,
            lambda one: holds.hold(entitlement=one, reason="time", words="Odd.", by=payer, at=at),
        ),
        "holds.dispute": of(
            paid.line,
            lambda one: holds.dispute(
                entitlement=one, reason="length", words="Longer.", claimed_minutes=45, by=paid.manager, at=at
            ),
        ),
        "holds.take": of(held, lambda one: holds.take(hold=one, by=payer, at=at)),
        "holds.write": of(held, lambda one: holds.write(hold=one, text="Why?", from_provider=False, by=payer, at=at)),
        "holds.release": of(
            held, lambda one: holds.release(hold=one, outcome="stands", words="It was so.", by=payer, at=at)
        ),
        "waiting.chase": of(
            lambda: paid.world.branch("acorn"),
            lambda branch: waiting.chase(council=council, branch=branch, by=payer, at=at),
        ),
    }


def _of_sending(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    """Beech is paid nothing but in part and ahead, so that it owes what it got."""
    from calloff.web.payments.models import Payment
    from calloff.web.payments.services import runs, sending

    council, payer, at, beech = paid.world.council, paid.payer, paid.at, paid.world.branch("beech")
    told = {"council": council, "branch": beech, "by": payer, "at": at}

    def asked() -> Any:
        return sending.ask_for_advance(pence=5_000, reason="wages_due", **told)

    def decided(advance: Any) -> Any:
        return sending.decide_advance(advance=advance, approved=True, by=paid.approver, at=at)

    def payment() -> Any:
        run = runs.release(run=paid.approved(), by=payer, at=at)
        return Payment.objects.filter(run=run).latest("pk")

    def owing() -> Any:
        return decided(asked())

    return {
        "sending.ask_for_advance": lambda: asked,
        "sending.decide_advance": of(asked, decided),
        "sending.recover": of(owing, lambda _: sending.recover(instalment_pence=1_000, **told)),
        "sending.provider_left": of(owing, lambda _: sending.provider_left(**told)),
        "sending.bank_returned": of(
            payment, lambda one: sending.bank_returned(payment=one, reason="account_closed", by=payer, at=at)
        ),
    }


def _of_bank_details(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.web.payments.models import BankDetail
    from calloff.web.payments.services import bank

    at, payer = paid.at, paid.payer

    def none_waits() -> None:
        for one in BankDetail.objects.filter(state=BankDetail.PROPOSED):
            bank.stop(detail=one, by=payer, at=at)

    def propose(_: None = None) -> Any:
        return bank.propose(council=paid.world.council, branch=paid.world.branch("acorn"), by=payer, at=at, **ACCOUNT)

    def proposed() -> Any:
        none_waits()
        return propose()

    return {
        "bank.propose": of(none_waits, propose),
        "bank.decide": of(proposed, lambda one: bank.decide(detail=one, approved=True, by=paid.approver, at=at)),
        "bank.stop": of(proposed, lambda one: bank.stop(detail=one, by=payer, at=at)),
    }


def _of_periods(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.domain.pay_calendar import Period
    from calloff.web.contracts.models import Enrolment
    from calloff.web.directory.services import draw
    from calloff.web.payments.models import Retro, RuleVersion
    from calloff.web.payments.services import on_plan, periods

    at, payer = paid.at, paid.payer
    years = count()

    def acorn() -> Any:
        _ = paid.begun
        enrolment = Enrolment.objects.get(reference="acorn")
        if not RuleVersion.objects.filter(model=enrolment.model).exists():
            paid.publish(enrolment.model, "east_lothian_2024_block", BLOCKS_FROM)
            paid.publish(enrolment.model, "wiltshire_outcomes", OUTCOMES_FROM)
        return enrolment

    def year() -> Any:
        return acorn(), BLOCKS_FROM + timedelta(days=365 * next(years))

    def block(both: Any) -> Any:
        enrolment, first = both
        told = {"pence": 1_000_000, "agreed_minutes": 60_000, "centipence": 200_000, "by": payer, "at": at}
        period = Period(first, first + timedelta(days=364))
        return periods.propose_block(enrolment=enrolment, period=period, **told)

    def approve(one: Any) -> Any:
        return periods.approve_block(block=one, by=paid.approver, at=at)

    def outcome(both: Any) -> Any:
        enrolment, person = both
        days = {"starts_on": OUTCOMES_FROM, "due_on": OUTCOMES_FROM + timedelta(days=30)}
        return periods.agree_outcome(enrolment=enrolment, person=person, pence=9_900, by=payer, at=at, **days)

    def parties() -> Any:
        return acorn(), paid.shared.person

    def retro() -> Any:
        one = paid.line()
        told = {"council": paid.world.council, "entitlement": one, "anchor": one.anchor, "found_at": at}
        return Retro.objects.create(token=draw(), pence=one.pence + 100, why="It was longer.", **told)

    return {
        "periods.propose_block": of(year, block),
        "periods.approve_block": of(lambda: block(year()), approve),
        "periods.settle_block": of(
            lambda: approve(block(year())),
            lambda one: periods.settle_block(block=one, delivered_minutes=30_000, gates_met=True, by=payer, at=at),
        ),
        "periods.agree_outcome": of(parties, outcome),
        "periods.judge_outcome": of(
            lambda: outcome(parties()), lambda one: periods.judge_outcome(outcome=one, met=True, by=payer, at=at)
        ),
        "on_plan.decide_retro": of(
            retro, lambda one: on_plan.decide_retro(retro=one, approved=True, by=paid.approver, at=at)
        ),
    }


def _of_rules(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.documents.payment_rules import shipped_folder
    from calloff.web.payments.services import rules

    council, at = paid.world.council, paid.at
    commissioner = paid.world.user("commissioner", "commissioner")
    manager = paid.world.user("contracts", "contract_manager")
    text = (shipped_folder() / "hull_planned.yaml").read_text(encoding="utf-8")
    days = count(1)

    def day() -> date:
        return at.date() + timedelta(days=next(days))

    def propose(starts_on: date) -> Any:
        return rules.propose(council=council, model="*", text=text, starts_on=starts_on, by=commissioner, at=at)

    def shadow() -> Any:
        told = {"model": "*", "text": text, "from_on": paid.since, "to_on": paid.until, "by": commissioner, "at": at}
        return rules.ask_for_shadow(council=council, **told)

    return {
        "rules.propose": of(day, propose),
        "rules.decide": of(
            lambda: propose(day()), lambda one: rules.decide(proposal=one, approved=True, by=manager, at=at)
        ),
        "rules.ask_for_shadow": lambda: shadow,
    }


def _of_uplifts(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    """Each from a later day than the ones before, over, so that visits are to be priced anew."""
    from calloff.web.payments.services import uplifts

    council, at = paid.world.council, paid.at
    commissioner = paid.world.user("commissioner", "commissioner")
    manager = paid.world.user("contracts", "contract_manager")
    days = count()

    def day() -> date:
        return paid.since + timedelta(days=next(days))

    def propose(from_on: date) -> Any:
        told = {"title": "Annual", "model": "*", "share": 4_000, "flat_centipence": 0, "by": commissioner, "at": at}
        return uplifts.propose(council=council, from_on=from_on, **told)

    def approve(one: Any) -> Any:
        return uplifts.decide(uplift=one, approved=True, by=manager, at=at)

    return {
        "uplifts.propose": of(day, propose),
        "uplifts.decide": of(lambda: propose(day()), approve),
        "uplifts.undo": of(lambda: approve(propose(day())), lambda one: uplifts.undo(uplift=one, by=manager, at=at)),
    }


def _of_terms(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.web.payments.services import charging, terms

    council, payer, at, first = paid.world.council, paid.payer, paid.at, paid.since

    def set_rule() -> Any:
        told = {"basis": "planned", "centipence_per_hour": 0, "no_access": False, "short_notice": True}
        return charging.set_charge_rule(council=council, from_on=first, by=payer, at=at, **told)

    def set_code() -> Any:
        codes = terms.Codes("CC1", "4711")
        return terms.set_code(council=council, enrolment=None, funder="", from_on=first, codes=codes, by=payer, at=at)

    def set_terms() -> Any:
        return terms.set_terms(council=council, enrolment=None, from_on=first, purchase_order="PO-1", by=payer, at=at)

    return {
        "charging.assess": of(
            paid.world.person,
            lambda one: charging.assess(person=one, pence_per_week=2_500, from_on=first, by=payer, at=at),
        ),
        "charging.set_charge_rule": lambda: set_rule,
        "terms.set_code": lambda: set_code,
        "terms.set_terms": lambda: set_terms,
    }
