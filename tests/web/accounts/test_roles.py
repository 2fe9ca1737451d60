"""roles.yaml and its reader."""

from __future__ import annotations

import pytest

from calloff.domain.errors import DocumentErrors
from calloff.web.accounts.models import EVERYWHERE
from calloff.web.accounts.services import Side, permissions, roles
from calloff.web.accounts.services.roles import read_roles

FOURTEEN = {
    "assessor",
    "approver",
    "broker",
    "senior_broker",
    "discharge_hub",
    "commissioner",
    "contract_manager",
    "finance_payer",
    "pay_approver",
    "provider_manager",
    "scheduler",
    "prime_provider",
    "auditor",
    "system_admin",
}
PORTAL = {one for one in permissions() if one.startswith("portal_")}
READING = {"audit_read", "see_queue", "see_pay", "see_prices", "see_register", "see_ledger", "see_models"}
READING |= {"see_decisions"}


def test_roles_are_those_of_the_design():
    assert set(roles()) == FOURTEEN


def test_a_discharge_hub_never_sees_a_price_nor_who_is_asked():
    assert roles()["discharge_hub"].permissions == {"raise_request", "see_request_status", "record_discharge_facts"}


def test_an_auditor_reads_all_but_who_the_people_are():
    assert roles()["auditor"].permissions == READING


def test_whoever_drafts_what_is_paid_never_approves_it():
    drafts, approves = (
        {code for code, role in roles().items() if right in role.permissions} for right in ("draft_pay", "approve_pay")
    )

    assert (drafts, approves) == ({"finance_payer"}, {"pay_approver"})
    # Neither changes what was agreed, delivered or priced (DOMAIN 10.1).
    for code in drafts | approves:
        assert all(right.startswith("see_") or right.endswith("_pay") for right in roles()[code].permissions)


def test_the_system_administrator_has_accounts_and_nothing_of_a_case():
    assert roles()[EVERYWHERE].permissions == {"manage_accounts", "make_tokens"}


def test_a_providers_people_have_the_portal_and_nothing_of_the_councils():
    for role in roles().values():
        if role.side is Side.PROVIDER:
            assert role.permissions <= PORTAL | {"make_tokens"}
        else:
            assert not role.permissions & PORTAL


def test_whoever_may_work_a_package_sees_who_it_is_for_and_others_need_not():
    seeing = {code for code, role in roles().items() if "see_person" in role.permissions}

    assert seeing == {"assessor", "approver", "broker", "senior_broker"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("permissions: {a: x}\nroles: {r: {title: R, side: staff, permissions: [b]}}", "`b` is not known here"),
        ("permissions: {a: x}\nroles: {r: {title: R, side: staff, permissions: []}}", "`r` may do nothing"),
        ("permissions: {a: x}\nroles: {r: {title: R, side: none, permissions: [a]}}", "`none` is not known here"),
        ("permissions: {a: x, b: y}\nroles: {r: {title: R, side: staff, permissions: [a]}}", "no role has `b`"),
        ("permissions: {a: x}\nroles: {r: {title: R, side: staff, permissions: [a], level: 3}}", "`level` is not"),
        ("permissions: {a: x}", "`roles` is missing"),
    ],
)
def test_the_reader_refuses_what_is_wrong_by_its_line(text, says):
    with pytest.raises(DocumentErrors, match=says) as refused:
        read_roles(text, "roles.yaml")

    assert "roles.yaml:" in str(refused.value)
