"""The database itself keeps councils apart: no row of one points at a row of another."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from web.filled import PEOPLE_OF, Filled
from web.filled_world import filled_world

from calloff.web.audit.services.triggers import references_within_council
from calloff.web.directory.models import Council
from calloff.web.payments.models import Charge

pytestmark = pytest.mark.django_db


def test_no_row_of_a_council_points_at_one_of_another():
    charge_somebody(filled_world())
    other = Council.objects.create(code="other", name="Other", nation="england", seed="s")
    references = sorted(references_within_council(apps.get_models()))

    assert len(references) > 60
    assert [one for one in references if not _is_refused(*one, council=other.pk)] == []


def charge_somebody(filled: Filled) -> None:
    """What the world's week is too short for."""
    world, person = filled.world, filled.packages["begun"].person
    nothing = {"chargeable_pence": 0, "assessed_pence": 0, "pence": 0}
    told = {"week": world.at.date(), "branch": world.branch(PEOPLE_OF), "contract": PEOPLE_OF, "number": 1}
    Charge.objects.create(council=world.council, person=person, known_at=world.at, **told, **nothing)


def _is_refused(table: str, column: str, target: str, council: int) -> bool:
    """Whether a row of a council that points at a row of the world's is refused for that, whatever else it lacks."""
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(f"SELECT max(id) FROM {target}")
        (there,) = cursor.fetchone()
        assert there is not None, f"the filled world has no row of {target}"
        try:
            with transaction.atomic():
                cursor.execute(f"INSERT INTO {table} (council_id, {column}) VALUES (%s, %s)", [council, there])
        except DatabaseError as refused:
            return "into another council" in str(refused)
    return False
