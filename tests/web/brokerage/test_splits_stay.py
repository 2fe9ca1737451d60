"""What was agreed on who pays stays as it was written, whatever migrations did to its table since."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from world import made_world

from calloff.domain.funding import Share
from calloff.web.brokerage.models import FunderSplit
from calloff.web.brokerage.services import funding

pytestmark = pytest.mark.django_db


def test_the_database_refuses_to_change_a_funders_share_and_to_delete_it():
    world = made_world()
    world.provider("acorn", 15, 60_000)
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)
    funding.split(
        package=package, shares=(Share("icb", "chc", 10_000),), from_on=world.at.date(), by=world.broker, at=world.at
    )

    for change in (
        lambda: FunderSplit.objects.update(kind="council"),
        lambda: FunderSplit.objects.update(basis_points=1),
        lambda: FunderSplit.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
