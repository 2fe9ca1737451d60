"""The names under which people of the demonstration sign in, and their one password, told without Django."""

from __future__ import annotations

PASSWORD = "calloff-by-demo"  # noqa: S105 - printed for everybody, and it opens nothing but the demonstration
"""The one password of all, of fifteen characters."""
ADMINISTRATOR = "admin"

STAFF: tuple[tuple[str, str], ...] = (
    ("assessor", "assessor"),
    ("approver", "approver"),
    ("broker", "broker"),
    ("broker2", "broker"),
    ("senior", "senior_broker"),
    ("senior2", "senior_broker"),
    ("hub", "discharge_hub"),
    ("commissioner", "commissioner"),
    ("commissioner2", "commissioner"),
    ("contracts", "contract_manager"),
    ("contracts2", "contract_manager"),
    ("payer", "finance_payer"),
    ("payer2", "pay_approver"),
    ("auditor", "auditor"),
)
"""What follows the council in the name of each of its staff, and the role."""
PROVIDERS_SHOWN = (
    "larkspinney.manager",
    "larkspinney.scheduler",
    "winterbarrow.manager",
    "seaholly.manager",
    "acornwhistle.manager",
    "bobbinquill.manager",
)
"""A few of the providers' people: one with two services, and one of a prime."""
