"""The strict engine: every table of ours, whatever is written past Django, and what a later migration rebuilds."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, IntegrityError, OperationalError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.db.utils import ConnectionHandler
from hypothesis import given
from hypothesis import strategies as st

from calloff.web.config.sqlite import base

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="this is about SQLite")

VALUES = {
    "whole": 5,
    "big": 2**40,
    "small": -3,
    "positive": 7,
    "yes": True,
    "text": "ä" * 10,
    "long_text": "x" * 5000,
    "day": date(2026, 2, 28),
    "moment": datetime(2026, 10, 25, 0, 59, 59, 123456, tzinfo=UTC),
    "clock": time(23, 59, 59, 1),
    "lasting": timedelta(days=1, microseconds=3),
    "amount": Decimal("12.25"),
    "share": 0.125,
    "raw": b"\x00\xff",
    "key": uuid.UUID(int=7),
    "said": {"a": [1, None]},
    "source": "2001:db8::1",
}


def fields() -> dict[str, models.Field]:
    return {
        "whole": models.IntegerField(null=True),
        "big": models.BigIntegerField(null=True),
        "small": models.SmallIntegerField(null=True),
        "positive": models.PositiveIntegerField(null=True),
        "yes": models.BooleanField(null=True),
        "text": models.CharField(max_length=10, null=True),
        "long_text": models.TextField(null=True),
        "day": models.DateField(null=True),
        "moment": models.DateTimeField(null=True),
        "clock": models.TimeField(null=True),
        "lasting": models.DurationField(null=True),
        "amount": models.DecimalField(max_digits=8, decimal_places=2, null=True),
        "share": models.FloatField(null=True),
        "raw": models.BinaryField(null=True),
        "key": models.UUIDField(null=True),
        "said": models.JSONField(null=True),
        "source": models.GenericIPAddressField(null=True),
    }


class Ground:
    """A database of its own, on which migrations are run by hand."""

    def __init__(self, path: str) -> None:
        settings = {"ENGINE": base.__name__.rpartition(".")[0], "NAME": path}
        settings["OPTIONS"] = base.options(synchronous="NORMAL")
        self.handler = ConnectionHandler({"default": settings})
        self.connection = self.handler["default"]
        self.state = ProjectState()

    def run(self, *operations: migrations.operations.base.Operation) -> None:
        with self.connection.schema_editor() as editor:
            for operation in operations:
                before = self.state.clone()
                operation.state_forwards("ground", self.state)
                operation.database_forwards("ground", editor, before, self.state)

    def sql(self, statement: str, *values: object) -> list[tuple]:
        with self.connection.cursor() as cursor:
            return cursor.execute(statement, values).fetchall()

    def insert(self, **values: object) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        self.sql(f"INSERT INTO ground_thing ({names}) VALUES ({', '.join(['%s'] * len(values))})", *values.values())

    def strict(self) -> dict[str, int]:
        found = self.sql("SELECT name, strict FROM pragma_table_list WHERE name LIKE 'ground!_%%' ESCAPE '!'")
        return dict(found)


@pytest.fixture
def ground(tmp_path, django_db_blocker):
    with django_db_blocker.unblock():
        made = Ground(str(tmp_path / "ground.sqlite3"))
        made.run(
            migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True)), *fields().items()]),
        )
        yield made
        made.connection.close()


WRONG = [
    ("whole", "abc"),
    ("whole", 1.5),
    ("whole", 2**31),
    ("whole", -(2**31) - 1),
    ("big", "12 hours"),
    ("small", 2**15),
    ("positive", -1),
    ("positive", 2**31),
    ("yes", 2),
    ("yes", "yes"),
    ("text", "x" * 11),
    ("day", "2026-02-29"),
    ("day", "26/11/2026"),
    ("day", "2026-11-26 10:00:00"),
    ("moment", "2026-11-26"),
    ("moment", "2026-02-30 10:00:00"),
    ("moment", "now"),
    ("clock", "24:00:00"),
    ("clock", "noon"),
    ("lasting", "1 day"),
    ("share", "half"),
    ("raw", "text"),
    ("key", "7"),
    ("said", "{"),
]


@only_sqlite
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_does_not_fit_is_refused_even_past_django(ground, name, value):
    with pytest.raises((IntegrityError, OperationalError), match=r"CHECK constraint|cannot store|non-deterministic"):
        ground.insert(**{name: value})


def read_back(ground: Ground) -> dict[str, object]:
    thing = ground.state.apps.get_model("ground", "Thing")
    from django.db import models as orm

    queryset = orm.QuerySet(thing, using="default")
    compiler = queryset.query.get_compiler(connection=ground.connection)
    columns = [field.attname for field in thing._meta.concrete_fields]
    rows = list(compiler.results_iter())
    return dict(zip(columns, rows[0], strict=True))


@only_sqlite
def test_what_fits_comes_back_as_it_was(ground):
    thing = ground.state.apps.get_model("ground", "Thing")
    made = thing(**VALUES)
    compiled = models.sql.InsertQuery(thing)
    compiled.insert_values([f for f in thing._meta.concrete_fields if f.name != "id"], [made])
    compiled.get_compiler(connection=ground.connection).execute_sql()

    back = read_back(ground)
    back.pop("id")
    assert back == VALUES


LATER = [
    migrations.AddField("Thing", "note", models.CharField(max_length=5, default="none")),
    migrations.AddField("Thing", "count", models.PositiveIntegerField(default=3)),
    migrations.AddField("Thing", "again", models.ForeignKey("ground.Thing", models.CASCADE, null=True)),
    migrations.AlterField("Thing", "text", models.CharField(max_length=20, default="")),
    migrations.AlterField("Thing", "whole", models.BigIntegerField(null=True)),
    migrations.RenameField("Thing", "long_text", "story"),
    migrations.RemoveField("Thing", "share"),
    migrations.AddConstraint("Thing", models.CheckConstraint(condition=models.Q(small__lt=9), name="small_is_small")),
    migrations.AddConstraint("Thing", models.UniqueConstraint(fields=("positive",), name="positive_once")),
    migrations.AddIndex("Thing", models.Index(fields=("day",), name="by_day")),
    migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True)), ("n", models.IntegerField())]),
    migrations.AlterField("Thing", "day", models.DateTimeField(null=True)),
    migrations.RemoveField("Thing", "day"),
]


@only_sqlite
def test_a_table_stays_strict_through_later_migrations_and_keeps_its_rows(ground):
    ground.insert(whole=5, text="abc", positive=7, small=1, long_text="told")

    for operation in LATER[:11]:
        ground.run(operation)
        assert set(ground.strict().values()) == {1}, operation

    assert ground.sql("SELECT whole, text, positive, story, note, count FROM ground_thing") == [
        (5, "abc", 7, "told", "none", 3)
    ]
    needed = {"note": "n", "count": 0, "text": ""}
    ground.insert(**(needed | {"whole": 2**40, "text": "x" * 20, "small": 2}))
    for wrong in ({"note": "too long"}, {"count": -1}, {"text": "x" * 21}, {"small": 9}, {"whole": "abc"}):
        with pytest.raises(IntegrityError, match=r"CHECK constraint|cannot store"):
            ground.insert(**(needed | wrong))


@only_sqlite
def test_a_migration_that_would_break_a_row_is_refused_and_undone(ground):
    ground.insert(day="2026-11-26")

    with pytest.raises(IntegrityError, match="CHECK constraint"):
        ground.run(LATER[11])

    assert ground.sql("SELECT day FROM ground_thing") == [(date(2026, 11, 26).isoformat(),)]


@only_sqlite
@pytest.mark.django_db
def test_every_table_of_ours_is_strict():
    with connection.cursor() as cursor:
        found = cursor.execute(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND schema = 'main'"
        ).fetchall()

    # Django makes the table of its cache past the engine, and SQLite its own.
    assert {name for (name,) in found} <= {"calloff_cache", "sqlite_schema", "sqlite_sequence", "sqlite_stat1"}


@pytest.mark.django_db
@given(
    moment=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    on=st.dates(date(1600, 1, 1), date(2400, 1, 1)),
)
def test_any_moment_and_any_day_fit_on_both_engines(moment, on):
    from calloff.web.accounts.models import Identity, RoleHeld, User

    with transaction.atomic():
        user = User.objects.create(name="h", identity=Identity.objects.create(name="H", email="h@example.org"))
        RoleHeld.objects.create(user=user, role="broker", council_id=1, from_on=on, granted_at=moment)
        held = RoleHeld.objects.get()
        assert (held.granted_at, held.from_on) == (moment, on)
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"), [("name", "'" + "x" * 61 + "'"), ("is_active", "'maybe'"), ("last_login", "'yesterday noon'")]
)
def test_both_engines_refuse_what_does_not_fit(add_user, column, value):
    user = add_user()

    with pytest.raises((IntegrityError, DataError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE accounts_user SET {column} = {value} WHERE id = %s", [user.pk])


@only_sqlite
def test_a_file_is_written_ahead_and_locked_when_a_transaction_begins(ground):
    pragma = {name: ground.sql(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")}

    assert pragma == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}
    assert ground.connection.transaction_mode == "IMMEDIATE"


@only_sqlite
def test_an_old_library_is_refused_in_a_sentence(monkeypatch, tmp_path, django_db_blocker):
    monkeypatch.setattr(base.sqlite3, "sqlite_version_info", (3, 36, 0))

    with django_db_blocker.unblock(), pytest.raises(ImproperlyConfigured, match=r"too old. Get 3\.37"):
        Ground(str(tmp_path / "old.sqlite3")).connection.connect()
