"""What the database keeps unchanged of funding and of versions, also after their tables were made anew."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, transaction
from world import made_world

from calloff.domain.funding import Share
from calloff.web.brokerage.models import FunderSplit, PackageVersion
from calloff.web.brokerage.services import funding

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rows", "change"),
    [
        (FunderSplit, {"kind": "council"}),
        (FunderSplit, {"basis_points": 1}),
        (PackageVersion, {"counts_from_on": date(2026, 11, 1)}),
        (PackageVersion, {"facts": "{}"}),
    ],
)
def test_nothing_of_it_is_changed_and_nothing_deleted(rows, change):
    world = made_world()
    world.provider("acorn")
    package = world.package()
    shares = [Share("council", "reablement", 10_000)]
    funding.split(package=package, shares=shares, from_on=date(2026, 12, 1), by=world.broker, at=world.at)

    with pytest.raises(DatabaseError), transaction.atomic():
        rows.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.objects.all()._raw_delete("default")
    assert rows.objects.count() == 1
