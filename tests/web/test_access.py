"""Every address is written down with who may call it, and each role gets through exactly the doors of its matrix."""

from __future__ import annotations

import pytest
from django.db import connection
from web.doors import faults, few_faults, listed
from web.filled_world import filled_world
from web.routes import listing_faults

from calloff.web.accounts.services import roles

pytestmark = pytest.mark.django_db


def test_every_address_is_written_down_with_its_methods_and_its_right():
    assert listing_faults() == []


def test_each_role_gets_through_the_doors_of_its_matrix_and_nobody_through_any():
    # Who gets through hangs on no engine: on the second one each door is tried by some.
    if connection.vendor == "sqlite":
        tries = dict(faults(filled_world(), [None, *roles()], ("GET", "POST")))
    else:
        tries = dict(few_faults(filled_world(), [*roles()]))

    assert len(tries) > 2 * len(listed())
    assert {what: fault for what, fault in tries.items() if fault} == {}
