"""Who may do what, and what is done to accounts: everything that other rooms ask of this one."""

from calloff.web.accounts.services.demo import NotTheDemoError, add_demo_user, demo_code, give_demo_authenticator
from calloff.web.accounts.services.rights import (
    branches_of,
    council_ids_held,
    councils_of,
    holders,
    may,
    permissions_of,
)
from calloff.web.accounts.services.roles import Role, Side, permissions, roles
from calloff.web.accounts.services.users import (
    AccountRefusedError,
    add_user,
    changed,
    deactivate,
    end_role,
    grant_role,
    reset_second_factor,
    set_password,
    sign_out_everywhere,
)

__all__ = [
    "AccountRefusedError",
    "NotTheDemoError",
    "Role",
    "Side",
    "add_demo_user",
    "add_user",
    "branches_of",
    "changed",
    "council_ids_held",
    "councils_of",
    "deactivate",
    "demo_code",
    "end_role",
    "give_demo_authenticator",
    "grant_role",
    "holders",
    "may",
    "permissions",
    "permissions_of",
    "reset_second_factor",
    "roles",
    "set_password",
    "sign_out_everywhere",
]
