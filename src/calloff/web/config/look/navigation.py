"""
Where one can go: the service's navigation as data, each entry shown to whoever holds its permission.

An entry whose page does not exist in this installation is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from calloff.web.accounts.models import RoleHeld
from calloff.web.accounts.services import roles


@dataclass(frozen=True)
class Entry:
    """One place: the right that opens it, its words, the name of its address and the beginning of its pages'."""

    permission: str
    label: Any
    url: str
    below: tuple[str, ...] = ()


STAFF = (
    Entry("manage_accounts", _("Accounts"), "accounts", ("/accounts",)),
    Entry("see_queue", _("Queue"), "queue"),
    Entry("raise_request", _("Requests"), "requests", ("/requests",)),
    Entry("approve_request", _("Requests"), "requests", ("/requests",)),
    Entry("record_discharge_facts", _("Hospital"), "stays", ("/stays",)),
    Entry("see_queue", _("Packages"), "package_search", ("/packages",)),
    Entry("see_register", _("Providers"), "providers", ("/providers", "/enrolments")),
    Entry("see_models", _("Models"), "models", ("/models",)),
    Entry("see_ledger", _("Unmet need"), "unmet_need", ("/unmet-need",)),
    Entry("see_ledger", _("Missed and late"), "deviations", ("/deviations",)),
    Entry("set_codes", _("Exception codes"), "exception_codes", ("/exception-codes",)),
    Entry("see_models", _("Drafts"), "drafts", ("/drafts",)),
    Entry("draft_model", _("Payment rules"), "payment_rules", ("/payment-rules",)),
    Entry("approve_model", _("Payment rules"), "payment_rules", ("/payment-rules",)),
    Entry("draft_enrolment", _("Uplifts"), "uplifts", ("/uplifts",)),
    Entry("approve_enrolment", _("Uplifts"), "uplifts", ("/uplifts",)),
    Entry("see_pay", _("Unmatched"), "loose_rows", ("/rows",)),
    Entry("see_pay", _("Pay"), "pay_runs", ("/pay",)),
)
PROVIDERS = (
    Entry("portal_answer", _("Invitations"), "portal_invitations", ("/provider/invitations",)),
    Entry("portal_packages", _("Packages"), "portal_packages", ("/provider/packages",)),
    Entry("portal_visits", _("Visits"), "portal_visits", ("/provider/visits",)),
    Entry("portal_pay", _("Pay"), "portal_pay", ("/provider/pay",)),
    Entry("portal_capacity", _("Spare hours"), "portal_spare", ("/provider/spare",)),
    Entry("portal_messages", _("Messages"), "portal_messages", ("/provider/messages",)),
    Entry("make_tokens", _("Keys"), "portal_tokens", ("/provider/tokens",)),
)
EVERYBODY = (Entry("", _("Notices"), "notices", ("/notices",)),)


NOTICES = "notices"


def navigation(held: Iterable[RoleHeld], council_id: int | None, path: str, unread: int = 0) -> list[Mapping[str, Any]]:
    """
    The entries for somebody with these roles, at this council's desk or in their branches, in order.

    `unread` is how many notices they have not read: it stands beside the word.
    """
    known = roles()
    here = [one for one in held if one.branch_id is not None or one.council_id in (None, council_id)]
    may = {permission for one in here if one.role in known for permission in known[one.role].permissions}
    shown: dict[str, Mapping[str, Any]] = {}
    for entry in (*STAFF, *PROVIDERS, *EVERYBODY):
        if here and (not entry.permission or entry.permission in may) and entry.url not in shown:
            try:
                url = reverse(entry.url)
            except NoReverseMatch:
                continue
            active = path == url or any(path == one or path.startswith(f"{one}/") for one in entry.below)
            label = f"{entry.label} ({unread:,})" if entry.url == NOTICES and unread else entry.label
            shown[entry.url] = {"label": label, "url": url, "active": active, "name": entry.url}
    return list(shown.values())
