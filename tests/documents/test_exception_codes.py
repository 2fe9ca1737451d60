"""The exception codes with which a council begins."""

from __future__ import annotations

import pytest

from calloff.documents.exception_codes import EXPLAINED, exception_codes, read_exception_codes
from calloff.domain.errors import DocumentErrors

LIST = "version: 1\nassumed: an example\ncodes:\n"


def test_every_kind_of_exception_has_a_code_to_begin_with():
    assert {kind for one in exception_codes() for kind in one.explains} == set(EXPLAINED)
    assert all(one.words for one in exception_codes())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (LIST + "  a b: {words: Two, explains: [late]}\n", "is no code"),
        (LIST + "  a: {words: One, explains: []}\n", "explains nothing"),
        (LIST + "  a: {words: One, explains: [early]}\n", "`early` is not known"),
        (LIST + "  a: {explains: [late]}\n", "`words` is missing"),
        (LIST + "  a: nothing\n", "a mapping is expected"),
        ("version: 1\ncodes: {a: {words: One, explains: [late]}}\n", "neither `source` nor `assumed`"),
        ("version: 1\nassumed: an example\ncodes: []\n", "a mapping is expected"),
    ],
)
def test_a_list_that_is_not_in_order_is_refused_with_its_line(text, problem):
    with pytest.raises(DocumentErrors, match=problem):
        read_exception_codes(text, "codes.yaml")
