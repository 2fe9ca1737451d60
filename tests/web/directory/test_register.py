"""The register of providers: searched, narrowed, kept as a file, brought up to date from the regulators' files."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from world import made_world

from calloff.domain.calendar import local
from calloff.web.contracts.models import Draft, Enrolment, Suspension
from calloff.web.contracts.services.suspensions import suspend
from calloff.web.directory.models import Branch, Council, Grading, Locality

pytestmark = pytest.mark.django_db

PROVIDERS = """\
reference,name,organisation,nation,service_types,registered_from,scale,wellbeing,care_planning,staff,leadership,graded_on,postcode
Acorn,Acorn Care,Acorn,england,care_at_home,2010-01-01,cqc,3,3,3,3,2026-01-05,ZZ1 1ZZ
NEW-1,Newly Registered,NEW,england,care_at_home; housing_support,2026-10-01,cqc,,,,,,
"""
CQC = """\
Location ID,Location HSCA start date,Location Name,Location Type/Sector,Location Latest Overall Rating,\
Publication Date,Location Local Authority,Location Postal Code,Provider ID,Service type - Domiciliary care service
1-2099,01/04/2015,Rivulet Homecare,Social Care Org,Good,05/11/2024,Testshire,ZZ9 9ZZ,1-900,Y
1-2100,01/04/2019,Meadow Nursing,Social Care Org,Good,05/11/2024,Testshire,ZZ9 9ZZ,1-901,N
1-2101,01/04/2019,Elsewhere Care,Social Care Org,Inadequate,05/11/2024,Othershire,ZZ9 9ZZ,1-902,Y
1-2102,15/10/2026,Brand New Care,Local Authority,Not rated,-,Testshire,,1-903,Y
"""


@pytest.fixture
def world(db):
    made = made_world()
    made.at = timezone.now().replace(microsecond=0)
    made.provider("Acorn")
    made.provider("Beech", 16)
    return made


@pytest.fixture
def commissioner(world, signed_in):
    return signed_in(world.user("commissioner", "commissioner"))


@pytest.fixture
def manager(world, signed_in):
    return signed_in(world.user("contracts", "contract_manager"))


def page(answer) -> str:
    assert answer.status_code == 200, answer
    return answer.content.decode()


def send(client, text: str, shape: str = "providers", area: str = "Testshire", name: str = "register.csv"):
    told = {"shape": shape, "area": area, "sheet": SimpleUploadedFile(name, text.encode())}
    return client.post(reverse("new_register"), told)


def approved(commissioner, manager, answer) -> Draft:
    assert answer.status_code == 302, answer.content.decode()
    draft = Draft.objects.latest("pk")
    commissioner.post(reverse("forward_import", args=(draft.reference,)), {"note": ""})
    assert "Approved by" in page(manager.post(reverse("approve_import", args=(draft.reference,)), follow=True))
    return draft


def test_new_services_and_new_grades_are_shown_and_written_once_approved(world, commissioner, manager):
    before = Council.objects.get().standing
    answer = send(commissioner, PROVIDERS)
    text = page(commissioner.get(reverse("draft", args=(Draft.objects.get().reference,))))
    assert "Newly Registered" in text
    assert "grades: nothing, now 3 3 3 3" in text
    assert not Grading.objects.exists()

    approved(commissioner, manager, answer)

    assert Branch.objects.get(reference="NEW-1").service_types == "care_at_home housing_support"
    grading = Grading.objects.get()
    assert (grading.branch.reference, grading.graded_on, grading.grades) == ("Acorn", date(2026, 1, 5), "3 3 3 3")
    assert Council.objects.get().standing > before


def test_the_same_file_twice_changes_nothing(commissioner, manager):
    draft = approved(commissioner, manager, send(commissioner, PROVIDERS))

    text = page(send(commissioner, PROVIDERS))

    assert f"This file was approved as draft {draft.reference}" in text
    assert "nothing was kept" in text
    assert Grading.objects.count() == 1


def test_grades_of_another_day_stand_beside_the_earlier_ones(commissioner, manager):
    approved(commissioner, manager, send(commissioner, PROVIDERS))
    later = PROVIDERS.replace("3,3,3,3,2026-01-05", "2,2,2,2,2026-09-01")
    approved(commissioner, manager, send(commissioner, later))

    assert list(Grading.objects.order_by("graded_on").values_list("grades", flat=True)) == ["3 3 3 3", "2 2 2 2"]
    text = page(manager.get(reverse("provider", args=(Branch.objects.get(reference="Acorn").token,))))
    assert text.index("requires improvement") < text.index("3 good")


def test_an_older_grading_is_added_and_the_newest_still_counts(world, commissioner, manager):
    approved(commissioner, manager, send(commissioner, PROVIDERS))
    older = PROVIDERS.replace("3,3,3,3,2026-01-05", "1,1,1,1,2020-01-01")
    approved(commissioner, manager, send(commissioner, older))

    from calloff.web.directory.services import providers_of

    found = providers_of(Branch.objects.filter(reference="Acorn").select_related("organisation"))
    assert found["Acorn"].grades == (3, 3, 3, 3)


def test_the_list_of_the_care_quality_commission_is_cut_to_the_council_and_to_care_at_home(commissioner, manager):
    approved(commissioner, manager, send(commissioner, CQC, "cqc", "testshire"))

    names = set(Branch.objects.exclude(reference__in=("Acorn", "Beech")).values_list("name", flat=True))
    assert names == {"Rivulet Homecare", "Brand New Care"}
    assert Grading.objects.get().grades == "3 3 3 3"
    assert Branch.objects.get(name="Brand New Care").in_house


@pytest.mark.parametrize(
    ("shape", "old", "new", "area", "says"),
    [
        ("cqc", "Good,05/11/2024,Testshire", "Splendid,05/11/2024,Testshire", "Testshire", "one of Inadequate"),
        ("cqc", "01/04/2015", "soon", "Testshire", "a day such as 31/03/2025"),
        ("cqc", "x", "x", "Nowhere", "no location of the council"),
        ("cqc", "Provider ID", "Owner", "Testshire", "it lacks the columns Provider ID"),
        ("care_inspectorate", "x", "x", "Testshire", "this is not a register of the Care Inspectorate"),
        ("providers", "x", "x", "", "this is not a providers.csv file"),
        ("care_inspectorate", "x", "x", "", "Enter the council area"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_plain_words(commissioner, shape, old, new, area, says):
    text = page(send(commissioner, CQC.replace(old, new), shape, area))

    assert says in text
    assert "/tmp" not in text
    assert not Draft.objects.exists()


# The list


def found(text: str) -> set[str]:
    return {name for name in ("Acorn Care", "Beech Care", "Cedar Care") if name in text}


def test_the_list_is_searched_by_name_and_narrowed_by_codes(world, manager):
    Locality.objects.create(council=world.council, code="south", name="South")
    world.provider("Cedar", localities=frozenset({"south"}))
    Grading.objects.create(
        branch=world.branch("Beech"), graded_on=date(2026, 1, 1), grades="2 2 2 2", recorded_at=world.at
    )
    today = local(timezone.now()).date()
    suspend(
        enrolment=Enrolment.objects.get(reference="Cedar"), from_on=today, to_on=None, step_in=False, reason="x",
        by=world.user("contracts"), at=world.at,
    )  # fmt: skip
    address = reverse("providers")

    assert found(page(manager.get(address))) == {"Acorn Care", "Beech Care", "Cedar Care"}
    assert found(page(manager.post(address, {"name": "beech"}))) == {"Beech Care"}
    assert found(page(manager.get(address, {"locality": "north"}))) == {"Acorn Care", "Beech Care"}
    assert found(page(manager.get(address, {"locality": "south"}))) == {"Acorn Care", "Beech Care", "Cedar Care"}
    assert found(page(manager.get(address, {"grade": "cqc-2"}))) == {"Beech Care"}
    assert found(page(manager.get(address, {"suspended": "yes"}))) == {"Cedar Care"}
    assert found(page(manager.get(address, {"enrolled": "no"}))) == set()
    assert found(page(manager.get(address, {"name": "beech"}))) == {"Acorn Care", "Beech Care", "Cedar Care"}


def test_a_list_of_ten_times_as_many_needs_no_more_queries(world, manager, django_assert_max_num_queries):
    address = reverse("providers")
    with django_assert_max_num_queries(30) as few:
        manager.get(address)
    for number in range(20):
        world.provider(f"P{number:02d}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        manager.get(address)


def test_the_list_is_a_file_that_runs_nothing(world, manager):
    Branch.objects.filter(reference="Acorn").update(name='=HYPERLINK("http://x")')

    answer = manager.get(reverse("providers"), {"as": "csv"})

    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[1][1].startswith("'=HYPERLINK")
    assert rows[1][12] == "100.0"


def test_a_workbook_holds_texts_as_texts_and_names_nobody(world, manager):
    import zipfile

    Branch.objects.filter(reference="Acorn").update(name="=1+1")

    data = b"".join(manager.get(reverse("providers"), {"as": "xlsx"}).streaming_content)

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "=1+1" in sheet + (
            book.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in book.namelist() else ""
        )
        assert "<dc:creator></dc:creator>" in book.read("docProps/core.xml").decode()


def test_a_provider_shows_spare_hours_with_the_age_of_what_was_said(world, manager):
    Enrolment.objects.get(reference="Acorn").pools.update(declared_at=world.at - timedelta(days=3, hours=4))

    text = page(manager.get(reverse("provider", args=(world.branch("Acorn").token,))))

    assert "3 days 4 hours old" in text
    assert "100.0" in text
    assert not Suspension.objects.exists()
