"""
Whatever people type, everywhere it is kept: every field of free text of a filled council holds what a check puts there.

A field is free text unless it is a code, a reference, a hash or something that is read as data; FREE names them, and
`unnamed` tells of text fields that are in neither list, so that a new one is not forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

FREE = (
    "api.Token.name",
    "brokerage.Person.name",
    "brokerage.Person.address",
    "brokerage.Person.postcode",
    "brokerage.Person.phone",
    "brokerage.Person.case_number",
    "brokerage.Request.reason",
    "brokerage.PackageVersion.reason",
    "brokerage.Absence.words",
    "brokerage.TemporaryChange.reason",
    "brokerage.Invitation.area_shown",
    "brokerage.Offer.message",
    "brokerage.Offer.answered_by",
    "brokerage.Offer.words",
    "brokerage.Offer.late_reason",
    "brokerage.Offer.dispute",
    "brokerage.CallOff.words",
    "brokerage.Override.words",
    "brokerage.Message.text",
    "brokerage.Note.text",
    "brokerage.Handback.words",
    "contracts.Draft.title",
    "contracts.Draft.note",
    "contracts.Draft.reason",
    "contracts.Upload.name",
    "contracts.Upload.problem",
    "contracts.ModelVersion.title",
    "contracts.Suspension.reason",
    "contracts.Suspension.lift_reason",
    "contracts.Declaration.told_by",
    "directory.Council.name",
    "directory.Locality.name",
    "directory.Area.name",
    "directory.Organisation.name",
    "directory.Branch.name",
    "directory.Branch.postcode",
    "jobs.Notice.about",
    "payments.BankDetail.name",
    "payments.DeviationWord.text",
    "payments.HoldWord.text",
    "payments.LedgerCode.cost_centre",
    "payments.LedgerCode.funder",
    "payments.LedgerCode.subjective",
    "payments.PayTerms.purchase_order",
    "payments.PayTerms.self_billing",
    "payments.RuleProposal.title",
    "payments.RuleVersion.title",
    "payments.Shadow.title",
    "payments.Uplift.title",
    "visits.ExceptionCode.words",
    "visits.VisitFile.name",
    "visits.VisitFile.reference",
    "visits.VisitFile.not_read",
    "visits.WholeWeek.contract",
    "visits.SentTable.name",
    "visits.LooseWord.text",
    "visits.VisitRow.row",
    "visits.VisitRow.contract",
    "visits.VisitRow.person",
    "accounts.Identity.name",
)
CODES = (
    *("reference", "token", "hash", "status", "state", "sex", "form", "changes_package", "waits_for", "step", "kind"),
    *("next_action", "on_hold", "end_reason", "facts", "content", "model", "columns", "wants", "visits", "holds"),
    *("receipt", "answer", "channel", "takes", "line_ids", "override_reason", "outside_reason", "fields", "about"),
    *("key", "body_hash", "row_hash", "content_hash", "summary", "pattern", "texts", "document_hash", "tier", "role"),
    *("spare", "code", "nation", "seed", "local_holidays", "limits", "area_band", "service_types", "scale", "grades"),
    *("data", "rank", "leased_by", "problem", "worker", "package", "link", "email_state", "email_problem", "previous"),
    *("anchor", "component", "line_id", "why", "journal", "account", "rule", "text", "problems", "mode", "met", "keys"),
    *("stopped_by", "line", "suggested", "cause", "stands", "told_in", "says", "call", "explains"),
    *(
        "period",
        "vat",
        "funder",
        "invoice",
        "return_reason",
        "outcome",
        "basis",
        "cost_centre",
        "subjective",
        "reverses",
    ),
    *("new_line_id", "sort_code", "service_user"),
    *("came_by", "left_by", "visit", "parked", "row", "contract", "person"),
    *("screen", "email", "password", "name", "reason", "case_number", "history", "with_others"),
)
"""Names of fields that hold what no person typed as they liked, where FREE does not say otherwise."""


def unnamed() -> list[str]:
    """Fields of text of which neither list says whether people type into them."""
    return [
        f"{model._meta.label}.{field.name}"
        for model, field in _texts()
        if f"{model._meta.label}.{field.name}" not in FREE and field.name not in CODES
    ]


def _texts() -> Iterator[tuple[Any, Any]]:
    from django.apps import apps
    from django.db import models

    for model in apps.get_models():
        if model.__module__.startswith("calloff."):
            for field in model._meta.concrete_fields:
                if isinstance(field, models.CharField | models.TextField):
                    yield model, field


def type_everywhere(canary: Callable[[int], str]) -> list[str]:
    """
    Put what `canary` gives for a number into every field of free text of every row; the fields that were filled.

    A field that is shorter than that holds the beginning of it. What the database refuses is an error.
    """
    from django.db import connection

    from calloff.web.audit.services.triggers import changeable_again

    filled, number = [], 0
    for model, field in _texts():
        name = f"{model._meta.label}.{field.name}"
        if name not in FREE:
            continue
        # What people typed into history came by an act; here it comes from behind.
        for statement in changeable_again(model._meta.db_table, connection.vendor):
            connection.cursor().execute(statement)
        for pk in model.objects.values_list("pk", flat=True):
            number += 1
            text = canary(number)[: field.max_length]
            model.objects.filter(pk=pk).update(**{field.name: text})
            filled.append(name)
    filled += _in_requests(canary)
    return sorted(set(filled))


def _in_requests(canary: Callable[[int], str]) -> list[str]:
    from calloff.web.brokerage.models import Request

    for number, request in enumerate(Request.objects.all()):
        told = json.loads(request.form)
        told |= {name: canary(number) for name in ("outcomes", "preferences")}
        Request.objects.filter(pk=request.pk).update(form=json.dumps(told))
    return ["brokerage.Request.form"]


def talked(filled: Any) -> None:
    """Rows of kinds that a filled council lacks: messages, notes, what a broker heard, and what a provider disputes."""
    from calloff.web.brokerage.models import Offer
    from calloff.web.brokerage.services.messaging import write_to_branch, write_to_council
    from calloff.web.brokerage.services.sourcing import write_note

    world = filled.world
    for name in ("asked", "begun"):
        package, branch, at = filled.packages[name], world.branch("acorn"), world.at
        write_to_branch(package=package, branch=branch, text="a word", by=world.broker, at=at)
        write_to_council(package=package, branch=branch, text="a word", by=world.manager("acorn"), at=at)
        write_note(package=package, text="a word", next_action_at=None, by=world.broker, at=at)
    Offer.objects.filter(invitation__package=filled.packages["ready"]).update(channel="phone", answered_by="somebody")


def looks(filled: Any, size: int) -> Iterator[tuple[str, str, Any]]:
    """Each page by each role that may (at size 1 by one of them): role, address and what was answered."""
    from web.doors import listed
    from web.routes import holders_of

    clients: dict[str, Any] = {}
    for route, one in listed():
        if "GET" not in one.methods or route.name.startswith("api_"):
            continue
        holders = sorted(holders_of(one.permission))
        for role in holders[:1] if size == 1 else holders:
            if role not in clients:
                clients[role] = filled.client(role, raise_request_exception=False)
            for values in filled.values_of(route)[:size]:
                address = route.address(values)
                yield role, address, clients[role].get(address)


KINDS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


EXPORTS = (
    *("accounts", "notices", "models", "drafts", "providers", "expiring"),
    *("queue_csv", "queue_xlsx", "requests_csv", "requests_xlsx", "stays_csv", "stays_xlsx"),
    *("pay_run_remittance", "pay_run_changes", "pay_run_payables", "deviations", "portal_deviations"),
    *("portal_invitations", "portal_closed", "portal_packages", "portal_next_pay", "portal_remittance"),
    *("portal_spare", "portal_messages", "portal_tokens"),
    *(
        f"{name}_{kind}"
        for name in (
            *("unmet_need", "unmet_packages", "unmet_beds", "unmet_bridges", "unmet_waits", "unmet_waits_packages"),
            *("unmet_answers", "unmet_invitations", "unmet_visits", "unmet_call_offs"),
            *("unmet_regularity", "unmet_logged", "unmet_paid"),
        )
        for kind in ("csv", "xlsx")
    ),
)
"""Every address that gives a list as a file; `forgotten` tells of one that is not here."""
MOST_OF_A_KIND = 3


def files(filled: Any, kind: str) -> Iterator[tuple[str, bytes]]:
    """Every list as a file of a kind, for one role that may: its address and its bytes; pages offer theirs by `as`."""
    return ((address, content) for name, address, content in _answers(filled, kind) if name in EXPORTS)


def forgotten(filled: Any) -> list[str]:
    """Addresses that give a list as a file, and are not among the exports; all of them are asked."""
    found = {name for kind in KINDS for name, _, _ in _answers(filled, kind, every=True)}
    return sorted(found - set(EXPORTS))


def _answers(filled: Any, kind: str, *, every: bool = False) -> Iterator[tuple[str, str, bytes]]:
    """Each export, or whatever else answers with such a file: the name of its address, the address, its bytes."""
    from web.doors import listed
    from web.routes import holders_of

    other = next(one for one in KINDS if one != kind)
    clients: dict[str, Any] = {}
    for route, one in listed():
        known = route.name in EXPORTS and not route.name.endswith(other)
        if "GET" not in one.methods or route.name.startswith("api_") or not (known or every):
            continue
        role = sorted(holders_of(one.permission))[0]
        if "portal" in one.permission or route.name in ("notices",):
            role = "provider_manager"
        if role not in clients:
            clients[role] = filled.client(role, raise_request_exception=False)
        for values in filled.values_of(route)[:MOST_OF_A_KIND]:
            address = f"{route.address(values)}?as={kind}&show=all"
            answer = clients[role].get(address)
            if answer.get("Content-Type", "").startswith(KINDS[kind]):
                yield route.name, address, answer.getvalue()
            answer.close()
