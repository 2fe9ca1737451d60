"""A council's exception codes: its own list, versions that stay, and archived ones that nobody chooses any more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction
from web.world import made_world

from calloff.documents.exception_codes import NOT_LEFT, exception_codes
from calloff.web.audit.models import Event
from calloff.web.visits.models import ExceptionCode
from calloff.web.visits.services import codes

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 26, 10, tzinfo=UTC)


@pytest.fixture
def world():
    return made_world()


@pytest.fixture
def contracts(world):
    return world.user("contracts", "contract_manager")


def add(world, by, code="taxi", words="The taxi did not come", explains=("late",)):
    return codes.add_code(council=world.council, code=code, words=words, explains=explains, by=by, at=AT)


def test_a_council_begins_with_what_calloff_carries_and_owns_it_from_its_first_change(world, contracts):
    assert [one.code for one in codes.codes_of(world.council.pk)] == sorted(one.code for one in exception_codes())
    assert not ExceptionCode.objects.exists()

    add(world, contracts)

    assert {one.code for one in codes.codes_of(world.council.pk)} == {"taxi", *(one.code for one in exception_codes())}
    assert Event.objects.latest("pk").kind == "code_added"
    assert ("taxi", "The taxi did not come") in codes.choices(world.council.pk, "late")
    assert "taxi" not in dict(codes.choices(world.council.pk, "short"))


def test_a_code_is_reworded_as_its_next_version(world, contracts):
    told = {"council": world.council, "code": "no_signal", "by": contracts, "at": AT}
    codes.reword_code(words="No network in the home", explains=("not_come", "late"), **told)

    assert [one.number for one in codes.versions_of(world.council.pk, "no_signal")] == [1, 2]
    assert codes.words_of(world.council.pk)["no_signal"] == "No network in the home"
    assert "no_signal" not in dict(codes.choices(world.council.pk, NOT_LEFT))
    with pytest.raises(codes.CodeError, match="just that already"):
        codes.reword_code(words=" No network in the home ", explains=("late", "not_come"), **told)


def test_an_archived_code_is_chosen_by_nobody_and_read_by_everybody(world, contracts):
    told = {"council": world.council, "code": "no_signal", "by": contracts, "at": AT}
    codes.archive_code(archived=True, **told)

    assert "no_signal" not in dict(codes.choices(world.council.pk, NOT_LEFT))
    assert codes.words_of(world.council.pk)["no_signal"] == "The telephone had no signal"
    with pytest.raises(codes.CodeError, match="of the council's list"):
        codes.chosen(world.council.pk, "no_signal", NOT_LEFT)
    with pytest.raises(codes.CodeError, match="meanwhile"):
        codes.archive_code(archived=True, **told)
    codes.archive_code(archived=False, **told)
    assert codes.chosen(world.council.pk, "no_signal", NOT_LEFT) == "no_signal"


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"code": "no signal"}, "at most 40 letters, digits"),
        ({"code": "NO_SIGNAL"}, "has NO_SIGNAL already"),
        ({"words": "  "}, "Say in at most"),
        ({"words": "w" * 121}, "Say in at most"),
        ({"explains": ()}, "may stand beside"),
        ({"explains": ("early",)}, "may stand beside"),
    ],
)
def test_what_is_no_code_is_refused_and_nothing_is_changed(world, contracts, told, problem):
    with pytest.raises(codes.CodeError, match=problem):
        add(world, contracts, **told)
    assert not ExceptionCode.objects.exists()


def test_a_version_is_never_changed(world, contracts):
    made = add(world, contracts)
    for change in (ExceptionCode.objects.filter(pk=made.pk).update, ExceptionCode.objects.filter(pk=made.pk).delete):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            change(**({"words": "other"} if change.__name__ == "update" else {}))


def test_lists_of_two_councils_are_apart(world, contracts):
    from calloff.web.directory.models import Council

    add(world, contracts)
    other = Council.objects.create(code="elsewhere", name="Elsewhere Council", nation="england", seed="seed")
    assert "taxi" not in codes.words_of(other.pk)


def test_the_pages_add_reword_and_archive(world, contracts, signed_in):
    client = signed_in(contracts)

    said = {"code": "taxi", "words": "The taxi did not come", "explains": ["late", "missed"]}
    assert client.post("/exception-codes/add", said).status_code == 302
    again = client.post("/exception-codes/add", said)
    assert "The list has taxi already" in again.content.decode()
    client.post("/exception-codes/of/taxi/reword", {"words": "No taxi came", "explains": ["late"]})
    client.post("/exception-codes/of/taxi/archive", {"archived": "yes"})

    page = client.get("/exception-codes/of/taxi").content.decode()
    assert "The taxi did not come" in page
    assert "No taxi came" in page
    assert "archived" in page
    assert "No taxi came" in client.get("/exception-codes?show=archived").content.decode()
    assert "No taxi came" not in client.get("/exception-codes").content.decode()
    assert client.get("/exception-codes/of/unknown").status_code == 404
    assert client.post("/exception-codes/add", {"code": "", "words": "", "explains": []}).status_code == 200


def test_brokers_read_the_list_and_do_not_keep_it(world, signed_in):
    client = signed_in(world.broker)
    assert client.get("/exception-codes").status_code == 200
    assert client.get("/exception-codes/add").status_code == 403
