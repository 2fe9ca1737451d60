"""
PAY-02: the made-up city's four weeks go through the website, from upload to statement, and come to the truth.

Providers send their files on the portal; finance drafts, another person approves, the worker does the rest. Then the
second round of files comes, and what nobody knew: dearer prices, deaths, new needs and shared funding from past days.
What was paid in all, and the worth of every visit, must be the truth about the final facts, to the penny.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from accept.engines import on_each_engine
from accept.tally import Tally
from city import made, worth
from city.happenings import FIRST_FILE, Told
from city.town import DAYS, FIRST_ON, Person

from calloff.acceptance import Result
from calloff.formats.payables import LINE
from calloff.formats.settled_visits import read_amount

SIZES = {0: 1_500, 1: 200_000, 2: 200_000}
LEAST_OF_EACH = 200
SEED = 20261012
LAST_ON = FIRST_ON + timedelta(days=DAYS - 1)
FIRST_FACTS_AT = datetime(2026, 11, 9, 9, tzinfo=UTC)
FIRST_FILES_AT = datetime(2026, 11, 11, 9, tzinfo=UTC)
LATER_FILES_AT = datetime(2026, 11, 12, 9, tzinfo=UTC)
LATE_FACTS_AT = datetime(2026, 11, 13, 9, tzinfo=UTC)
STATEMENTS = 25
BORNE = ("care_cost", "funder_receivable")


def check(size: int) -> Result:
    """The whole course on each engine, each paying by other rules."""
    tally = Tally()
    on_each_engine(tally, "pay_02", "course", size, SIZES[0])
    return tally.result


def ways() -> list[tuple[date, worth.Terms]]:
    """How each of the four weeks is paid: another way on each engine."""
    from django.db import connection

    every = {one.name: one for one in worth.EVERY}
    names = ["planned", "actual", "tolerance", "banded"]
    if connection.vendor == "postgresql":
        names = ["stepped", "rounded", "banded", "actual"]
    return [(FIRST_ON + timedelta(days=7 * number), every[name]) for number, name in enumerate(names)]


def course(tally: Tally, size: int) -> None:
    """From the first file to the last statement."""
    from accept import city_website as website

    from calloff.web.visits.services import planning

    city, terms = made.made(SEED, size), ways()
    for kind, count in sorted(city.kinds.items()):
        tally.expect(size < SIZES[1] or count >= LEAST_OF_EACH, f"only {count} visits of the kind {kind}")
    site = website.built(city, terms)
    desk = Desk(site)
    desk.say_where_money_goes()
    people = list({one.planned.person.reference: one.planned.person for one in city.visits}.values())
    # Nothing is planned beyond the four weeks: what lies ahead is no part of this.
    with desk.clock(), mock.patch.object(planning, "HORIZON_DAYS", 1):
        desk.at(FIRST_FACTS_AT)
        _plan(site)
        website.tell_stops(site, city.visits)
        website.tell_people(site, people, late=False)
        desk.work()
        desk.at(FIRST_FILES_AT)
        files = made.files(city, SEED)
        first = [one for one in files if one[0] == "add" and one[1][0].file == FIRST_FILE]
        desk.send(first)
        paid = [desk.pay()]
        desk.at(LATER_FILES_AT)
        desk.send([one for one in files if one not in first])
        paid.append(desk.pay())
        desk.at(LATE_FACTS_AT)
        website.tell_dearer_prices(site)
        website.tell_people(site, people, late=True)
        desk.work()
        paid.append(desk.pay(release_holds=True))
        _compare(tally, site, city, terms, sum(paid))
        _files_out(tally, desk, city, terms)
    tally.notes.append(f"{len(city.visits):,} visits; runs of " + ", ".join(f"£{pence / 100:,.2f}" for pence in paid))
    tally.notes.append(", ".join(f"{name} {seconds:.0f} s" for name, seconds in desk.seconds.items()))


def _plan(site: Any) -> None:
    from calloff.web.audit.services import in_turn
    from calloff.web.brokerage.models import Package
    from calloff.web.visits.services.planning import plan

    for package in Package.objects.select_related("person").order_by("pk"):
        with in_turn(site.world.council.pk):
            plan(package, FIRST_ON, LAST_ON, site.world.at)


class Desk:
    """Who sends, pays and approves on the pages of the website; the clock is the city's."""

    def __init__(self, site: Any) -> None:
        self.site, self.world = site, site.world
        self.seconds: Counter[str] = Counter()
        self.sent = 0
        self.runs: list[Any] = []

    @contextmanager
    def clock(self) -> Iterator[None]:
        with mock.patch("django.utils.timezone.now", self._now):
            yield

    def _now(self) -> datetime:
        moment: datetime = self.world.at
        return moment

    def at(self, moment: datetime) -> None:
        self.world.at = moment

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[stage] += time.monotonic() - began

    @property
    def payer(self) -> Any:
        return self.signed_in(self.world.user("payer", "finance_payer"))

    @property
    def approver(self) -> Any:
        return self.signed_in(self.world.user("second", "pay_approver"))

    def signed_in(self, user: Any) -> Any:
        """The client of somebody who has just proved who they are."""
        from django.test import Client

        from calloff.web.accounts.services import passing

        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user)
        session = client.session
        session[passing.FACTOR] = user.pk
        session["account_authentication_methods_user"] = session["_auth_user_id"]
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session[passing.BEGAN] = session[passing.SEEN] = time.time()
        session.save()
        return client

    def say_where_money_goes(self) -> None:
        """The council pays direct; every provider's account is entered by one person and agreed by another."""
        from calloff.web.payments.services import bank

        council, branches = self.world.council, self.site.branches
        payer, second = self.world.user("payer", "finance_payer"), self.world.user("second", "pay_approver")
        for branch in (None, *branches):
            told = {"sort_code": "08-99-99", "account": "66374958", "name": branch.name if branch else council.name}
            told["service_user"] = "" if branch else "654321"
            detail = bank.propose(council=council, branch=branch, by=payer, at=self.world.at, **told)
            bank.decide(detail=detail, approved=True, by=second, at=self.world.at)

    def work(self) -> None:
        with self.timed("worker"):
            self.world.work()

    def send(self, files: Sequence[tuple[str, Sequence[Told]]]) -> None:
        """
        Each file on the portal, by the manager of its provider; then the worker takes the large ones and settles all.
        """
        from accept import city_website as website
        from django.core.files.uploadedfile import SimpleUploadedFile

        from calloff.web.visits.services.large import is_large

        contracts, receipts = sorted(self.site.contracts), []
        with tempfile.TemporaryDirectory(prefix="calloff-city-") as folder, self.timed("upload"):
            for mode, rows in files:
                path, self.sent = Path(folder) / "visits.csv", self.sent + 1
                made.write_rows(path, rows, mode)
                contract = rows[0].contract if rows[0].contract in contracts else contracts[0]
                manager = self.world.manager(website.provider_of(contract))
                sent = SimpleUploadedFile(f"visits-{self.sent}.csv", path.read_bytes(), "text/csv")
                told = {"file": sent, "mode": mode}
                provider = self.signed_in(manager)
                answer = provider.post("/provider/visits/send", told, follow=True)
                self._pressed(answer, "You can leave this page" if is_large(path) else "The file is accepted")
                receipts.append((provider, answer.redirect_chain[-1][0]))
        self.work()
        for provider, receipt in receipts:
            self._pressed(provider.get(receipt), "accepted")

    def pay(self, *, release_holds: bool = False) -> int:
        """Draft, approve by another person, release; what was held is looked at before, where that is said."""
        if release_holds:
            self._release_holds()
        told = {f"to_on_{name}": getattr(LAST_ON, name) for name in ("day", "month", "year")}
        answer = self.payer.post("/pay/draft", told, follow=True)
        self._pressed(answer, "The run is being prepared")
        run = answer.redirect_chain[-1][0]
        self.work()
        with self.timed("approve"):
            page = self.approver.get(f"{run}/approve", follow=True)
            self._pressed(page, 'name="shown"')
            [shown] = re.findall(r'name="shown" value="(-?\d+)"', page.content.decode())
            self._pressed(self.approver.post(f"{run}/approve", {"shown": shown}, follow=True), "The run is approved")
            self._pressed(self.payer.post(f"{run}/release", follow=True), "The run is released")
        self.runs.append(run)
        return int(shown)

    def _pressed(self, answer: Any, words: str) -> None:
        page = answer.content.decode()
        if words not in page:
            told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.find("<main") :]))
            raise AssertionError(f"{words!r} is not said on {answer.redirect_chain}: {told[:600]}")

    def _release_holds(self) -> None:
        from calloff.web.payments.models import Hold
        from calloff.web.payments.services import holds

        for one in Hold.objects.filter(council=self.world.council, state=Hold.OPEN):
            holds.release(hold=one, outcome="as_is", words="", by=self.world.users["payer"], at=self.world.at)


# The truth


def _terms_on(terms: Sequence[tuple[date, worth.Terms]], on: date) -> worth.Terms:
    return [one for starts_on, one in terms if starts_on <= on][-1]


def _compare(
    tally: Tally, site: Any, city: made.City, terms: Sequence[tuple[date, worth.Terms]], paid_pence: int
) -> None:
    from calloff.domain.visits import Mark
    from calloff.web.payments.models import Entitlement

    council = site.world.council.pk
    found = {}
    rows = Entitlement.objects.filter(council=council, on__lte=LAST_ON, component=Entitlement.CARE)
    for one in rows.order_by("number").iterator(chunk_size=5_000):
        found[one.anchor] = one
    funded, pence, others = _funded(council), 0, 0
    for told, visit in zip(made.truth(city, lambda on: _terms_on(terms, on)), city.visits, strict=True):
        tally.n += 1
        one = found.pop(str(told["visit"]), None)
        if one is None:
            tally.fault(f"{told['visit']} was never worth anything said: {told}")
            continue
        says = {
            "visit": one.anchor,
            "reason": one.reason,
            "marks": frozenset(mark.name.lower() for mark in Mark if one.marks & mark),
            "worked_minutes": one.worked_minutes,
            "paid_minutes": one.paid_minutes,
            "pence": one.pence,
        }
        tally.expect(says == told, f"{told} is {says}")
        tally.expect(one.why.endswith("."), f"{one.anchor} has no sentence")
        shared_on, theirs = visit.planned.person.shared_on, 0
        if shared_on is not None and visit.planned.on >= shared_on:
            theirs = (int(str(told["pence"])) * 4 + 5) // 10
        tally.expect(funded.get(one.anchor, 0) == theirs, f"{one.anchor}: others bear {funded.get(one.anchor)}")
        pence, others = pence + int(str(told["pence"])), others + theirs
    tally.expect(not any(one.pence for one in found.values()), f"{len(found)} visits that nobody planned are paid")
    tally.expect(paid_pence == pence, f"{paid_pence} pence were paid in all, {pence} are due")
    tally.expect(sum(funded.values()) == others, f"others bear {sum(funded.values())}, {others} are theirs")


def _funded(council: int) -> dict[str, int]:
    from django.db.models import Sum

    from calloff.web.payments.models import FunderLine

    rows = FunderLine.objects.filter(council=council).values("entitlement__anchor").annotate(sum=Sum("pence"))
    return {row["entitlement__anchor"]: row["sum"] for row in rows}


def _files_out(tally: Tally, desk: Desk, city: made.City, terms: Sequence[tuple[date, worth.Terms]]) -> None:
    """What leaves: of each run the remittances, the file to the ledger and that to the bank; statements of some."""
    from calloff.web.payments.models import Payment

    due: Counter[str] = Counter()
    for told, visit in zip(made.truth(city, lambda on: _terms_on(terms, on)), city.visits, strict=True):
        due[visit.planned.person.contract] += int(str(told["pence"]))
    remitted: Counter[str] = Counter()
    ledgered = 0
    for run in desk.runs:
        for branch in desk.site.branches:
            rows = _rows(desk.payer.get(f"{run}/remittance/{branch.token}"))
            tally.expect(all(one["why"].endswith(".") for one in rows), f"{run}: a line has no sentence")
            remitted[f"E-{branch.reference[2:]}"] += sum(read_amount(one["amount"]) for one in rows)
        rows = [one for one in _rows(desk.payer.get(f"{run}/payables")) if one["record"] == LINE]
        ledgered += sum(read_amount(one["amount"]) for one in rows if one["account"] in BORNE)
        sent = sum(Payment.objects.filter(run__token=run.rpartition("/")[2]).values_list("pence", flat=True))
        tally.expect(sum(read_amount(one["amount"]) for one in rows) == sent, f"{run}: the ledger is told another sum")
        [control] = re.findall(r"<CtrlSum>([0-9.]+)</CtrlSum>", _text(desk.payer.get(f"{run}/iso20022")))[:1] or ["0"]
        tally.expect(read_amount(control) == sent, f"{run}: the bank is told {control}, {sent} pence are paid")
    tally.expect(remitted == due, f"remittances come to {remitted}, {due} are due")
    tally.expect(ledgered == sum(due.values()), f"{ledgered} pence are told to the ledger, not {sum(due.values())}")
    _statements(tally, desk, city)


def _rows(answer: Any) -> list[dict[str, str]]:
    """The lines of a file; none where there is none."""
    return list(csv.DictReader(io.StringIO(_text(answer)))) if answer.status_code == 200 else []


def _text(answer: Any) -> str:
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return raw.decode("utf-8-sig")


def _statements(tally: Tally, desk: Desk, city: made.City) -> None:
    """The week of some people as a letter: every visit of it that was made stands there, and no worker."""
    people: dict[str, Person] = {one.planned.person.reference: one.planned.person for one in city.visits}
    for reference in sorted(people)[:STATEMENTS]:
        package = desk.site.packages[reference]
        address = f"/pay/statements/{package.person.reference}/{FIRST_ON.isoformat()}"
        page = desk.payer.get(address)
        tally.expect(page.status_code == 200, f"{address} answers {page.status_code}")
        tally.expect("W-P-" not in page.content.decode(), f"{address} names a worker")
        letter = desk.signed_in(desk.world.broker).get(f"{address}/letter")
        tally.expect(letter.content.startswith(b"%PDF"), f"{address} has no letter")
