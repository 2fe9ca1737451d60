"""What a run maps of a document from elsewhere before it fits the run's own register."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from made_up_register import REGISTER

from calloff.documents.purchasing_models import shipped
from calloff.simulator.adapt import adapt

BEGINS_ON = date(2025, 3, 31)


def test_the_best_sum_of_grades_is_that_of_the_regulator_of_the_register():
    mapped, lines = adapt(shipped("dynamic_market"), REGISTER, BEGINS_ON)

    assert [one.span for one in mapped.model.scoring.weights if one.criterion == "grades"] == [24]
    assert [rule.scale for rule in mapped.model.grades] == ["care_inspectorate"]
    assert lines == [
        "grades: good on the scale of cqc is read as 4 on that of care_inspectorate (assumed)",
        "scores: 16 as the sum of the grades in 4 areas is read as 24 on the scale of care_inspectorate (assumed)",
    ]


def test_nothing_is_mapped_where_the_register_is_of_the_documents_own_regulator():
    own = [replace(one, scale="cqc") for one in REGISTER]

    assert adapt(shipped("dynamic_market"), own, BEGINS_ON) == (shipped("dynamic_market"), [])
