"""The administrator's pages and the very first administrator."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone
from web.conftest import NOW, PASSWORD

from calloff.stages import ROOT
from calloff.web.accounts import services
from calloff.web.accounts.models import RoleHeld, User
from calloff.web.accounts.services.administering import first_administrator, generated_password
from calloff.web.accounts.services.rights import today
from calloff.web.accounts.services.users import AccountRefusedError, reactivate
from calloff.web.audit.models import Event
from calloff.web.directory.models import Branch, Council, Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(add_user):
    """A system administrator."""
    return add_user("root", "system_admin")


@pytest.fixture
def desk(root, signed_in):
    """The administrator's browser, in a town with a council and a provider."""
    Council.objects.create(pk=4, code="four", name="Fourshire", nation="england", seed="s")
    Branch.objects.create(
        pk=9,
        reference="1-100",
        token="T9",
        organisation=Organisation.objects.create(reference="o", name="Beech Ltd"),
        name="Beech Homecare",
        nation="england",
        service_types="care_at_home",
        registered_from=today(),
        scale="cqc",
    )
    return signed_in(root)


def day(name, on):
    return {f"{name}_day": on.day, f"{name}_month": on.month, f"{name}_year": on.year} if on else {}


def wanted(**more):
    told = {"name": "beth", "who": "new", "identity_name": "Beth Example", "email": "beth@example.org"}
    return told | {"role": "broker", "council": "four"} | day("from_on", today()) | more


def at(user, rest=""):
    return f"/accounts/{user.token}/{rest}"


def password_in(page):
    return re.search(r"<strong>((?:\w{4}-){4}\w{4})</strong>", page.content.decode())[1]


# Adding


def test_a_user_is_added_with_a_role_and_a_password_that_is_shown_once(desk, root):
    answer = desk.post("/accounts/add/", wanted())

    beth = User.objects.get(name="beth")
    assert beth.check_password(password_in(answer))
    held = beth.roles.get()
    assert (held.role, held.council_id, held.branch_id, held.from_on, held.granted_by) == (
        "broker",
        4,
        None,
        today(),
        root,
    )
    assert [one.kind for one in Event.objects.order_by("-number")[:2]] == ["role_granted", "user_added"]
    assert "Fourshire" in desk.get(at(beth)).content.decode()


def test_a_providers_manager_is_added_at_a_branch_of_the_register(desk):
    desk.post("/accounts/add/", wanted(role="provider_manager", council="four", branch="1-100"))

    held = RoleHeld.objects.get(user__name="beth")
    assert (held.council_id, held.branch_id) == (None, 9)


def test_a_second_account_of_one_human_being_keeps_the_identity(desk, add_user):
    anna = add_user("anna")
    desk.post("/accounts/add/", wanted(who="known", other="ANNA"))

    assert User.objects.get(name="beth").identity_id == anna.identity_id


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "Enter name to sign in with"),
        ({"name": "root"}, "This name is taken"),
        ({"who": ""}, "Choose who will use the account"),
        ({"identity_name": ""}, "Enter the full name"),
        ({"email": ""}, "Enter the e-mail address"),
        ({"who": "known", "other": "nobody"}, "Enter the name of an account that there is"),
        ({"role": ""}, "Choose a role"),
        ({"role": "king"}, "Select a valid choice"),
        ({"council": ""}, "Choose the council in which the role is held"),
        ({"role": "scheduler", "branch": "1-999"}, "Enter the reference of a branch that is in the register"),
        ({"from_on_month": "13"}, "The date must be a real date"),
        (day("to_on", today().replace(year=2001)), "The last day comes before the first"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_added(desk, wrong, says):
    page = desk.post("/accounts/add/", wanted(**wrong)).content.decode()

    assert says in page
    assert "Error: " in page
    assert not User.objects.filter(name="beth").exists()
    assert not Event.objects.filter(kind="user_added", about="user-0").exists()


# Roles


def test_roles_are_granted_and_ended_with_their_days(desk, add_user):
    anna = add_user("anna")
    form = {"role": "auditor", "council": "four"} | day("from_on", today())
    assert desk.post(at(anna, "roles/add/"), form)["Location"] == at(anna)
    assert services.may(anna, "audit_read", council_id=4)

    last = today().replace(year=today().year - 1)
    assert desk.post(at(anna, "roles/1/end/"), day("last_on", last))["Location"] == at(anna)
    assert not services.may(anna, "audit_read", council_id=4)
    assert "This role ended before that day already" in (
        desk.post(at(anna, "roles/1/end/"), day("last_on", today())).content.decode()
    )


def test_there_is_no_role_beyond_the_last_nor_one_of_somebody_elses(desk, add_user):
    anna = add_user("anna", "broker", council_id=4)

    assert desk.get(at(anna, "roles/1/end/")).status_code == 200
    assert [desk.get(at(anna, f"roles/{number}/end/")).status_code for number in (0, 2)] == [404, 404]


def test_nobody_changes_their_own_roles_account_or_factor(desk, root):
    tries = {
        "roles/add/": {"role": "auditor", "council": "four"} | day("from_on", today()),
        "roles/1/end/": day("last_on", today()),
        "password/": {},
        "second-factor/": {},
        "close/": {},
        "open/": {},
    }
    for path, form in tries.items():
        answer = desk.post(at(root, path), form)
        assert answer.status_code == 200, path
        assert "Ask another administrator" in answer.content.decode() or "Your account" in answer.content.decode()
    root.refresh_from_db()
    assert root.is_active
    assert root.roles.get().ended_at is None
    assert root.check_password(PASSWORD)


# What is lost


def test_a_new_password_is_shown_once_and_ends_the_sessions(desk, add_user, signed_in):
    anna = add_user("anna", "broker", council_id=4)
    theirs = signed_in(anna)
    answer = desk.post(at(anna, "password/"))

    anna.refresh_from_db()
    assert anna.check_password(password_in(answer))
    assert theirs.get("/account/").status_code == 302
    assert password_in(answer) not in desk.get(at(anna)).content.decode()


def test_a_lost_telephone_a_leaver_and_their_return(desk, add_user, signed_in):
    anna = add_user("anna", "broker", council_id=4)
    services.give_demo_authenticator(user=anna, by=None, at=NOW)
    desk.post(at(anna, "second-factor/"))
    assert not Authenticator.objects.filter(user=anna).exists()

    theirs = signed_in(anna)
    desk.post(at(anna, "close/"))
    assert theirs.get("/account/").status_code == 302
    assert "closed" in desk.get("/accounts/?state=closed").content.decode()

    desk.post(at(anna, "open/"))
    anna.refresh_from_db()
    assert anna.is_active
    desk.post(at(anna, "sign-out/"))
    assert Event.objects.latest("pk").kind == "signed_out_everywhere"


def test_an_account_is_opened_again_by_another(add_user):
    anna = add_user("anna")

    with pytest.raises(AccountRefusedError, match="their own"):
        reactivate(user=anna, by=anna, at=NOW)


# The list


def test_the_list_is_narrowed_by_codes_and_searched_by_a_form_alone(desk, add_user):
    add_user("anna", "broker", council_id=4)
    add_user("cleo", "scheduler", branch_id=9)

    def names(answer):
        return re.findall(r">(anna|cleo|root)</a>", answer.content.decode())

    assert names(desk.get("/accounts/")) == ["anna", "cleo", "root"]
    assert names(desk.get("/accounts/?role=scheduler")) == ["cleo"]
    assert names(desk.get("/accounts/?state=without")) == ["anna", "cleo", "root"]
    assert names(desk.get("/accounts/?role=anna&q=anna")) == ["anna", "cleo", "root"]
    assert names(desk.post("/accounts/find/", {"q": "NN"})) == ["anna"]
    assert names(desk.post("/accounts/find/", {"q": "cleo@"})) == ["cleo"]
    assert desk.get("/accounts/find/?q=anna")["Location"] == "/accounts/"
    page = desk.get("/accounts/?role=scheduler").content.decode()
    assert "Beech Homecare" in page


def test_the_list_as_a_file_holds_what_it_shows(desk, add_user):
    add_user("anna", "broker", council_id=4)
    page = desk.get("/accounts/?role=broker").content.decode()
    assert "?role=broker&amp;as=csv" in page

    lines = b"".join(desk.get("/accounts/?role=broker&as=csv").streaming_content).decode("utf-8-sig").splitlines()

    assert lines[0] == "Sign-in name,Who,E-mail address,Roles today,State"
    assert [one.split(",")[0] for one in lines[1:]] == ["anna"]
    assert b"".join(desk.get("/accounts/?as=xlsx").streaming_content).startswith(b"PK")


@pytest.mark.parametrize("rows", [10, 100])
def test_the_list_asks_the_database_no_more_for_more_rows(desk, root, django_assert_max_num_queries, rows):
    for number in range(rows):
        user = User.objects.create(name=f"user-{number:03}", identity=root.identity)
        RoleHeld.objects.create(user=user, role="broker", council_id=4, from_on=today(), granted_at=NOW)

    with django_assert_max_num_queries(12):
        assert desk.get("/accounts/").content.decode().count("data-open") == min(rows + 1, 100)


# The first of all


def test_the_first_administrator_is_made_once(settings):
    settings.CALLOFF_DEMO = False
    told = {"name": "root", "identity_name": "Root", "email": "root@example.org", "at": timezone.now()}
    first = first_administrator(password=generated_password(), **told)

    assert services.may(first, "manage_accounts")
    assert not first.demo
    with pytest.raises(AccountRefusedError, match="There is an administrator already: root"):
        first_administrator(password=generated_password(), **(told | {"name": "other"}))
    assert User.objects.count() == 1


def test_a_council_whose_administrators_all_left_can_make_one_again(settings, add_user):
    root = add_user("root", "system_admin")
    settings.CALLOFF_DEMO = False
    services.deactivate(user=root, by=None, at=timezone.now())

    first_administrator(
        name="next", password=generated_password(), identity_name="N", email="n@example.org", at=timezone.now()
    )
    assert Event.objects.latest("pk").kind == "role_granted"


def test_the_demonstration_has_its_own():
    with pytest.raises(AccountRefusedError, match="of its own"):
        first_administrator(
            name="root", password=generated_password(), identity_name="R", email="r@example.org", at=timezone.now()
        )


def test_the_command_prints_the_password_once_and_refuses_the_second_time(tmp_path):
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT / "src"),
        "CALLOFF_DATABASE": str(tmp_path / "live.sqlite3"),
        "CALLOFF_SECRET_KEY": "a key of a test, long enough and with many different characters 0123456789",
        "CALLOFF_HOSTS": "calloff.example",
        "CALLOFF_MAIL": str(tmp_path / "mail"),
    }

    def run(*words):
        command = [sys.executable, "-P", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    migrated = run("-m", "django", "migrate", "--verbosity=0", "--settings=calloff.web.config.settings")
    assert migrated.returncode == 0, migrated.stderr
    asked = ("-m", "calloff", "accounts", "first-admin", "root", "--person", "Root Example", "--email", "r@example.org")
    first = run(*asked)
    assert first.returncode == 0, first.stderr
    assert re.search(r"^password: (\w{4}-){4}\w{4}$", first.stdout, re.MULTILINE)
    second = run(*asked)
    assert second.returncode == 1
    assert "There is an administrator already: root" in second.stderr
    assert "password:" not in second.stdout
