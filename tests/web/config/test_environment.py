"""What the environment may say, and what is refused in a plain sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from calloff.web.config.environment import DEMO_KEY, ROOT, read_database_url, read_environment, read_mail

KEY = "kX0v-2mS9_qwLr7TzYb3nHd8JfGcPaUe5iVo1tRjQ4sWxMyZ6Bh"
LIVE = {"CALLOFF_SECRET_KEY": KEY, "CALLOFF_HOSTS": "calloff.council.example"}


def test_a_live_council_needs_a_key_and_a_host_and_nothing_else():
    said = read_environment(LIVE)

    assert (said.demo, said.debug, said.key, said.hosts) == (False, False, KEY, ("calloff.council.example",))
    assert said.database["NAME"] == str(ROOT / "var" / "calloff.sqlite3")
    assert "PRAGMA synchronous=FULL" in said.database["OPTIONS"]["init_command"]
    assert said.database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert said.site == "https://calloff.council.example"
    assert said.mail.folder == str(ROOT / "var" / "mail")


def test_the_demonstration_needs_nothing_and_stays_on_this_machine():
    said = read_environment({"CALLOFF_DEMO": "1", "CALLOFF_HOSTS": "everywhere.example"})

    assert (said.demo, said.key, said.hosts) == (True, DEMO_KEY, ("127.0.0.1", "localhost"))
    assert said.database["NAME"] == str(ROOT / "var" / "demo.sqlite3")
    assert "PRAGMA synchronous=NORMAL" in said.database["OPTIONS"]["init_command"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"CALLOFF_SECRET_KEY": ""}, "CALLOFF_SECRET_KEY is missing"),
        ({"CALLOFF_SECRET_KEY": "short"}, "CALLOFF_SECRET_KEY is too easy to guess"),
        ({"CALLOFF_SECRET_KEY": "ab" * 40}, "CALLOFF_SECRET_KEY is too easy to guess"),
        ({"CALLOFF_SECRET_KEY": DEMO_KEY}, "CALLOFF_SECRET_KEY is one that everybody can read"),
        ({"CALLOFF_SECRET_KEY": "django-insecure-" + KEY}, "everybody can read"),
        ({"CALLOFF_FORMER_KEYS": f"{KEY} short"}, "CALLOFF_FORMER_KEYS is too easy"),
        ({"CALLOFF_HOSTS": ""}, "CALLOFF_HOSTS is missing"),
        ({"CALLOFF_HOSTS": "*"}, "each host in full"),
        ({"CALLOFF_HOSTS": ".council.example"}, "each host in full"),
        ({"CALLOFF_HOSTS": "https://council.example"}, "each host in full"),
        ({"CALLOFF_DEBUG": "1"}, "refused outside the demonstration"),
        ({"CALLOFF_DEMO": "yes"}, "Write 1 for yes"),
        ({"CALLOFF_PROXIES": "one"}, "how many proxies"),
        ({"CALLOFF_DATABASE": "x.sqlite3", "DATABASE_URL": "postgresql://u@h/n"}, "Take one of them out"),
    ],
)
def test_what_is_unsafe_is_refused_in_a_sentence(changes, says):
    with pytest.raises(ImproperlyConfigured, match=says):
        read_environment(LIVE | changes)


def test_an_address_of_postgresql():
    read = read_database_url("postgresql://us%40er:p%2Fw@db.example:5433/na%20me?sslmode=require")

    assert (read["USER"], read["PASSWORD"], read["HOST"], read["PORT"]) == ("us@er", "p/w", "db.example", "5433")
    assert (read["NAME"], read["OPTIONS"]) == ("na me", {"sslmode": "require"})
    assert read_database_url("postgres://u@h/n")["PORT"] == "5432"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://u:secret@h/n", "names no PostgreSQL"),
        ("postgresql://u:secret@h", "names no database"),
        ("postgresql://u:secret@h/a/b", "names no database"),
        ("postgresql://u:secret@/n", "names no host"),
        ("postgresql://h/n", "names no user"),
        ("postgresql://u:secret@h:port/n", "cannot be read"),
        ("postgresql://u:secret@h/n?pool=9", "asks for pool"),
        ("postgresql://u:secret@h/n#x", "without a #"),
    ],
)
def test_a_wrong_address_is_refused_without_repeating_its_password(address, says):
    with pytest.raises(ImproperlyConfigured, match=says) as refused:
        read_database_url(address)

    assert "secret" not in str(refused.value)


def test_letters_go_to_a_folder_or_to_a_server_that_encrypts():
    assert read_mail("/var/spool/calloff").folder == "/var/spool/calloff"
    server = read_mail("smtp://us%40er:p%3Aw@mail.example")
    assert (server.host, server.port, server.user, server.password) == ("mail.example", 587, "us@er", "p:w")
    assert (server.starttls, server.tls) == (True, False)
    assert read_mail("smtps://mail.example").tls
    assert not read_mail("smtp://127.0.0.1:25").starttls


@pytest.mark.parametrize("where", ["https://mail.example", "smtp://", "smtp://h/inbox", "smtp://h:x"])
def test_other_ways_of_sending_letters_are_refused(where):
    with pytest.raises(ImproperlyConfigured, match="CALLOFF_MAIL"):
        read_mail(where)


def python(code: str, **said: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    environment["DJANGO_SETTINGS_MODULE"] = "calloff.web.config.settings"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment | said, capture_output=True, text=True, check=False)


def test_django_does_not_start_without_a_key():
    done = python("import django; django.setup()", CALLOFF_HOSTS="calloff.council.example")

    assert done.returncode == 1
    assert "CALLOFF_SECRET_KEY is missing. Every council has a key of its own." in done.stderr


START = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
{act}
from calloff.web.config.wsgi import application
print("started")
"""
ADD_INVENTED = """
from calloff.web.accounts.models import Identity, User
User.objects.create(name="a", demo=True, identity=Identity.objects.create(name="A", email="a@example.org"))
"""
WEAKEN = """
from django.db import connection
connection.cursor().execute("PRAGMA synchronous=NORMAL")
"""


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ("", "started"),
        (ADD_INVENTED, "holds 1 users of the demonstration"),
        (WEAKEN, "SQLite runs without synchronous=FULL"),
    ],
    ids=["safe", "invented users", "may lose a commit"],
)
def test_the_web_server_starts_with_what_is_safe_only(tmp_path, act, says):
    live = LIVE | {"CALLOFF_DATABASE": str(tmp_path / "live.sqlite3"), "CALLOFF_STATIC": str(tmp_path)}
    done = python(START.format(act=act), **live)

    assert says in done.stdout + done.stderr
    assert (done.returncode == 0) == (says == "started"), done.stderr


def test_the_web_server_does_not_start_on_an_empty_database(tmp_path: Path):
    done = python("import calloff.web.config.wsgi", **LIVE, CALLOFF_DATABASE=str(tmp_path / "new.sqlite3"))

    assert "Run the migrations first." in done.stderr
