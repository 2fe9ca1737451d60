"""What the database keeps unchanged of a planned visit: all but that it was superseded."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from web.paying import Paying

from calloff.web.visits.models import PlannedVisit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("change", [{"unplanned": True}, {"minutes": 1}, {"cancelled": True}])
def test_a_planned_visit_is_superseded_and_never_changed(tmp_path, change):
    Paying(tmp_path, packages=1)

    with pytest.raises(DatabaseError), transaction.atomic():
        PlannedVisit.objects.update(**change)
    assert not PlannedVisit.objects.filter(**change).exists()
