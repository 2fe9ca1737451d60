"""What a run posts: one journal for each of its contracts, summed by account and codes, its lines behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Sum

from calloff.domain.funding import COUNCIL
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Branch
from calloff.web.payments.models import ChargeLine, Entitlement, PayRun
from calloff.web.payments.services import ledger
from calloff.web.payments.services.ledger import Entry
from calloff.web.payments.services.terms import TermsBook

Contract = tuple[int, int | None]
"""A provider's branch and its enrolment; what was called off outside every model has none."""
RUN_APPROVED = "approved"


def entries_of(run: PayRun) -> dict[Contract, list[Entry]]:
    """The journal of each contract of a run: who bears what, and what the provider is owed for it."""
    book = TermsBook(run.council_id)
    found: dict[Contract, list[Entry]] = {}
    funded = _funded(run)
    paid = _paid(run)
    charges = _charges(run)
    for contract in sorted({*paid, *charges, *(place[:2] for place in funded)}, key=str):
        branch, enrolment = contract
        entries = [Entry(ledger.PROVIDER_PAYABLE, -paid.get(contract, {}).get("all", 0), branch, enrolment)]
        borne = 0
        for place, pence in funded.items():
            if place[:2] == contract:
                code = book.code(enrolment, place[2], run.to_on)
                borne += pence
                entries.append(
                    Entry(
                        ledger.FUNDER_RECEIVABLE,
                        pence,
                        branch,
                        enrolment,
                        cost_centre=code.cost_centre,
                        subjective=code.subjective,
                        funder=place[2],
                    )
                )
        code = book.code(enrolment, COUNCIL, run.to_on)
        for account, pence in paid.get(contract, {}).items():
            if account != "all":
                council = pence - (borne if account == ledger.CARE_COST else 0)
                entries.append(
                    Entry(account, council, branch, enrolment, None, code.cost_centre, code.subjective, COUNCIL)
                )
        if contract not in paid and borne:
            entries.append(
                Entry(ledger.CARE_COST, -borne, branch, enrolment, None, code.cost_centre, code.subjective, COUNCIL)
            )
        found[contract] = ledger.summed([*entries, *charges.get(contract, ())])
    return {contract: entries for contract, entries in found.items() if entries}


def _paid(run: PayRun) -> dict[Contract, dict[str, int]]:
    """By contract what its lines come to: in all, and as cost or, where paid ahead for a period, as prepaid."""
    sums = run.lines.values("entitlement__branch", "entitlement__enrolment", "entitlement__component")
    found: dict[Contract, dict[str, int]] = {}
    for row in sums.annotate(sum=Sum("pence")):
        of_contract = found.setdefault((row["entitlement__branch"], row["entitlement__enrolment"]), {})
        ahead = row["entitlement__component"] == Entitlement.BLOCK
        account = ledger.PREPAYMENTS if ahead else ledger.CARE_COST
        of_contract.setdefault(ledger.CARE_COST, 0)
        of_contract[account] = of_contract.get(account, 0) + row["sum"]
        of_contract["all"] = of_contract.get("all", 0) + row["sum"]
    return found


def _charges(run: PayRun) -> dict[Contract, list[Entry]]:
    """
    By contract what people are charged: taken off what the provider is owed, or owed to the council by the person.
    """
    found: dict[Contract, list[Entry]] = {}
    rows = ChargeLine.objects.filter(run=run).values("charge__branch", "charge__enrolment", "charge__person", "net")
    for row in rows.annotate(sum=Sum("pence")):
        branch, enrolment, person = row["charge__branch"], row["charge__enrolment"], row["charge__person"]
        if row["net"]:
            owed = Entry(ledger.PROVIDER_PAYABLE, row["sum"], branch, enrolment)
        else:
            owed = Entry(ledger.PERSON_RECEIVABLE, row["sum"], branch, enrolment, person)
        income = Entry(ledger.CONTRIBUTION_INCOME, -row["sum"], branch, enrolment, person)
        found.setdefault((branch, enrolment), []).extend((owed, income))
    return found


def _funded(run: PayRun) -> Mapping[tuple[int, int | None, str], int]:
    """By contract and funder what others than the council bear."""
    rows = run.funder_lines.values("entitlement__branch", "entitlement__enrolment", "funder")
    return {
        (row["entitlement__branch"], row["entitlement__enrolment"], row["funder"]): row["sum"]
        for row in rows.annotate(sum=Sum("pence"))
    }


def journal_names(run: PayRun, contracts: list[Contract]) -> dict[Contract, str]:
    """What the journal of each contract of a run is called: by its reference, or by the provider's without one."""
    enrolments = Enrolment.objects.in_bulk([enrolment for _, enrolment in contracts if enrolment is not None])
    branches = Branch.objects.in_bulk([branch for branch, _ in contracts])
    return {
        (branch, enrolment): f"PAY-{run.number}/"
        + (enrolments[enrolment].reference if enrolment is not None else f"{branches[branch].reference}/outside")
        for branch, enrolment in contracts
    }


def post_run(run: PayRun, at: datetime) -> int:
    """Post the journals of a run that is approved; how many they are."""
    entries = entries_of(run)
    names = journal_names(run, list(entries))
    for contract, found in entries.items():
        ledger.post(
            council=run.council_id,
            journal=names[contract],
            entries=found,
            at=at,
            kind=RUN_APPROVED,
            run=run,
        )
    return len(entries)
