"""The door that other rooms put before their views; own.py and users.py hold the pages of this one."""

from calloff.web.accounts.views.door import (
    SignedIn,
    allowed,
    not_allowed,
    permissions_at,
    prove_again,
    to_second_factor,
    too_many,
)

__all__ = [
    "SignedIn",
    "allowed",
    "not_allowed",
    "permissions_at",
    "prove_again",
    "to_second_factor",
    "too_many",
]
