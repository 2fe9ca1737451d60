"""What happens to a package after its call-off, and who pays for it: rows that are superseded, never changed."""

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.domain.calendar import to_utc
from calloff.web.audit.services.tiles import rows_tile, versions_tile
from calloff.web.audit.services.triggers import (
    fixed,
    only_superseded,
    references_within_council,
    within_council,
)

MADE = ("Absence", "FunderSplit", "TemporaryChange")


WORDS = ("reason", "words")
"""What somebody wrote, which may have to be made unreadable one day."""


def columns_of(model: type[models.Model]) -> list[str]:
    """The columns that are never written again."""
    left_out = ("superseded_at", *WORDS)
    return [str(one.column) for one in model._meta.concrete_fields if one.name not in left_out]


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    vendor = schema_editor.connection.vendor
    made = [apps.get_model("brokerage", name) for name in MADE]
    statements = within_council(references_within_council(made), vendor)
    for model in made:
        statements += only_superseded(model._meta.db_table, columns_of(model), vendor)
    for table in ("brokerage_absence", "brokerage_temporarychange"):
        statements += rows_tile(table, ("council_id", "token"), vendor)
    version = apps.get_model("brokerage", "PackageVersion")
    statements += fixed(version._meta.db_table, columns_of(version), vendor)
    statements += versions_tile("brokerage_packageversion", "package_id", vendor)
    for statement in statements:
        schema_editor.execute(statement)


def stays_stop_visits(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What the hub recorded before stops visits as it did: from the day of the admission to that of the return."""
    stays = apps.get_model("brokerage", "Stay").objects.select_related("person")
    for stay in stays.order_by("pk").iterator():
        begins, ends = to_utc(stay.admitted_on, 0), stay.discharged_on and to_utc(stay.discharged_on, 0)
        if ends is None or ends > begins:
            apps.get_model("brokerage", "Absence").objects.create(
                council_id=stay.council_id,
                token=f"stay-{stay.pk}",
                person=stay.person,
                kind="hospital",
                from_at=begins,
                until_at=ends,
                by_day=True,
                told_at=begins,
                known_from=begins,
            )


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0009_whose_need_is_unmet"),
        ("directory", "0001_councils_and_providers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=24)),
                ("visit", models.CharField(default="", max_length=60)),
                ("kind", models.CharField(max_length=12)),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(null=True)),
                ("by_day", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField()),
                ("staff_paid", models.BooleanField(default=False)),
                ("restarts", models.BooleanField(default=False)),
                ("words", models.CharField(default="", max_length=500)),
                ("known_from", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "council",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.council",
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to="brokerage.package",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="absences", to="brokerage.person"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["council", "token"], name="absence_by_token")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("council", "token"),
                        name="absence_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_at__isnull", True), ("until_at__gt", models.F("from_at")), _connector="OR"
                        ),
                        name="absence_ends_after_its_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FunderSplit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("funder", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=8)),
                ("basis_points", models.PositiveSmallIntegerField()),
                ("from_on", models.DateField()),
                ("known_from", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "council",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.council",
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="funder_splits",
                        to="brokerage.package",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("council", "package", "from_on", "funder"),
                        name="funder_split_names_each_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("basis_points__gte", 1), ("basis_points__lte", 10000)),
                        name="funder_split_is_a_share",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("council", "chc", "joint", "s117"))),
                        name="funder_split_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TemporaryChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16)),
                ("line", models.CharField(max_length=20)),
                ("from_on", models.DateField()),
                ("to_on", models.DateField()),
                ("more_minutes", models.SmallIntegerField()),
                ("net_minutes", models.IntegerField()),
                ("reason", models.CharField(max_length=300)),
                ("known_from", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "council",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.council",
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="temporary_changes",
                        to="brokerage.package",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["council", "token"], name="temporary_change_by_token")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("council", "token"),
                        name="temporary_change_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("to_on__gte", models.F("from_on"))), name="temporary_change_ends_after"
                    ),
                ],
            },
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
        migrations.RunPython(stays_stop_visits, migrations.RunPython.noop),
    ]
