"""Each list of a provider as a file: what its page shows, and nothing else."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from web.provider_portal.reading import text_of

from calloff.web.api.services.tokens import make_token
from calloff.web.brokerage.services.messaging import write_to_branch

pytestmark = pytest.mark.django_db
LISTS = (
    "/provider",
    "/provider/closed",
    "/provider/packages",
    "/provider/spare",
    "/provider/messages",
    "/provider/tokens",
    "/notices?show=all",
)


def joined(address, kind):
    return f"{address}{'&' if '?' in address else '?'}as={kind}"


def rows_of(answer):
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


@pytest.fixture
def filled(world, acorn, beech):
    """One package placed with acorn, which beech lost; one that acorn is asked about; a message and a key."""
    placed, asked = world.started(), world.started()
    for name in ("acorn", "beech"):
        world.answer(placed, name)
    world.confirm(placed)
    world.declared("acorn")
    write_to_branch(package=placed, branch=world.branch("acorn"), text="The key is safe.", by=world.broker, at=world.at)
    make_token(name="Rota", branch=world.branch("acorn"), days=180, by=world.manager("acorn"), at=world.at)
    return placed, asked


@pytest.mark.parametrize("address", LISTS)
def test_each_list_leads_to_its_files_which_hold_its_rows(acorn, filled, address):
    page = acorn.get(address)
    if address != "/provider/closed":
        text_of(page)
    html = page.content.decode().replace("&amp;", "&")
    for kind in ("csv", "xlsx"):
        assert f"as={kind}" in html
    heading, *rows = rows_of(acorn.get(joined(address, "csv")))
    assert rows
    assert all(len(row) == len(heading) for row in rows)
    book = b"".join(acorn.get(joined(address, "xlsx")).streaming_content)
    assert zipfile.ZipFile(io.BytesIO(book)).testzip() is None


def test_a_file_names_nobody_else_and_no_person_and_no_other_ones_price(world, acorn, beech, signed_in, filled):
    placed, _asked = filled
    for address in LISTS:
        mine = "\n".join(",".join(row) for row in rows_of(acorn.get(joined(address, "csv"))))
        theirs = "\n".join(",".join(row) for row in rows_of(beech.get(joined(address, "csv"))))
        assert "beech" not in mine, address
        assert "acorn" not in theirs, address
        assert "Ada" not in mine + theirs
        assert placed.reference not in theirs
    packages = rows_of(acorn.get("/provider/packages?as=csv"))
    assert packages[1][:5] == [placed.reference, "Testshire Council", "acorn Care", "3.5", "52.5"]
    scheduler = signed_in(world.user("sam", "scheduler", branch=world.branch("acorn")))
    for address in ("/provider", "/provider/packages"):
        heading, *_rows = rows_of(scheduler.get(f"{address}?as=csv"))
        assert not any("Price" in one for one in heading)


def test_a_closed_invitation_tells_no_more_in_a_file_than_on_its_page(world, beech, filled):
    _placed, asked = filled
    world.answer(asked, "beech", "decline", reason="price")
    states = {row[3]: row for row in rows_of(beech.get("/provider?as=csv"))[1:]}

    assert set(states) == {"not selected", "closed"}
    assert states["closed"][6:11] == ["", "", "", "", ""]
