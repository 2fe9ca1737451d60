"""The tables of states: read as they are written, told on their page, and naming every state that the models name."""

from __future__ import annotations

import pytest

from calloff.documents.states import PAGE, page, read_states, state_tables
from calloff.domain.errors import DocumentErrors
from calloff.stages import ROOT


def test_the_page_of_states_is_made_from_the_tables():
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(state_tables().values())


def test_every_state_can_be_reached_from_a_beginning():
    for table in state_tables().values():
        reached = set(table.begins)
        for _ in table.states:
            reached |= {way.after for way in table.transitions if way.before in reached}
        assert reached == set(table.states), table.name


def test_a_way_is_allowed_only_where_it_is_written():
    package = state_tables()["package"]

    assert package.allows("", "sourcing")
    assert package.allows("sourcing", "called_off")
    assert not package.allows("", "ended")
    assert not package.allows("ended", "sourcing")


def test_an_unknown_state_is_refused_with_its_line():
    text = "a:\n  title: A\n  begins: [b]\n  states: {b: is b}\n  transitions: [{from: b, to: c, when: never}]\n"

    with pytest.raises(DocumentErrors, match=r"states\.yaml"):
        list(read_states(text, "states.yaml"))
