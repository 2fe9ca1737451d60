"""A run under a document with lots takes no contract for a lot that the document does not have."""

import pytest
from small_market import by_reference, enrolment, framework, inputs_of, package, run_whole

from calloff.domain.errors import BadInputError
from calloff.simulator.allocate import allocate

LOTS = """\
lots:
  - {name: north, when: {locality: [Ash]}, assumed: an example}
  - {name: south, when: {locality: [Elm]}, assumed: an example}
"""
IN_LOTS = framework("in_lots", more=LOTS)


def test_a_lot_that_the_document_does_not_have_is_refused_with_those_it_has(tmp_path):
    contracts = [enrolment("Alder", lot="north"), enrolment("Birch", lot="sout")]

    with pytest.raises(BadInputError, match="contract Birch: in_lots has no lot 'sout'; it has north, south"):
        allocate(inputs_of([IN_LOTS], contracts, [package("P-1")]), tmp_path / "out")


@pytest.mark.parametrize("lot", ["", "north", "personal_care"])
def test_a_contract_with_no_lot_is_for_all_of_them_and_a_care_type_is_no_lot(lot, tmp_path):
    contracts = [enrolment("Alder", lot="south"), enrolment("Birch", pounds=20, lot=lot)]

    found = run_whole(tmp_path, [IN_LOTS], contracts, [package("P-1")])

    assert by_reference(found, "providers") == {"P-1": "Birch"}


def test_a_document_without_lots_does_not_look_at_them(tmp_path):
    found = run_whole(tmp_path, [framework()], [enrolment("Alder", lot="sout")], [package("P-1")])

    assert by_reference(found, "providers") == {"P-1": "Alder"}
