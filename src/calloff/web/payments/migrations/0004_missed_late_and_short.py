"""Visits that were missed, late or short, what is said of them, and when people came."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from calloff.web.audit.services.triggers import fixed, unchangeable, within_council

REFERENCES = (
    ("payments_deviation", "person_id", "brokerage_person"),
    ("payments_deviation", "package_id", "brokerage_package"),
    ("payments_deviationword", "deviation_id", "payments_deviation"),
    ("payments_arrival", "person_id", "brokerage_person"),
)
NEVER_CHANGED = ("payments_deviationword", "payments_alertlimit")
STAYS = ("council_id", "token", "visit", "kind", "found_at")


def refuse(apps: Any, schema_editor: Any) -> None:
    """What was said is never changed, a deviation stays that of its visit, and all is of one council."""
    vendor = schema_editor.connection.vendor
    statements = within_council(REFERENCES, vendor)
    statements += [statement for table in NEVER_CHANGED for statement in unchangeable(table, vendor)]
    for statement in [*statements, *fixed("payments_deviation", STAYS, vendor)]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0010_the_life_of_a_package"),
        ("directory", "0001_councils_and_providers"),
        ("payments", "0003_money"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("late_minutes", models.PositiveIntegerField()),
                ("set_at", models.DateTimeField()),
                (
                    "council",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.council"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Deviation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("visit", models.CharField(max_length=60)),
                ("on", models.DateField()),
                ("start_at", models.DateTimeField()),
                ("kind", models.CharField(max_length=6)),
                ("minutes", models.PositiveIntegerField(default=0)),
                ("cause", models.CharField(default="", max_length=8)),
                ("stands", models.CharField(default="unsaid", max_length=9)),
                ("said_by_provider", models.BooleanField(default=False)),
                ("found_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("told_in", models.CharField(default="", max_length=60)),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.branch",
                    ),
                ),
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
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brokerage.package",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brokerage.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["council", "stands", "on"], name="deviation_of_council"),
                    models.Index(fields=["branch", "stands", "on"], name="deviation_of_branch"),
                    models.Index(fields=["council", "person", "on"], name="deviation_of_person"),
                    models.Index(fields=["council", "told_in"], name="deviation_told"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("council", "visit", "kind"), name="deviation_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("missed", "late", "short"))), name="deviation_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cause", ""), ("stands", "unsaid")),
                            models.Q(
                                ("cause__in", ("provider", "person", "council", "weather")),
                                ("stands__in", ("said", "agreed", "contested")),
                            ),
                            _connector="OR",
                        ),
                        name="deviation_stands_with_its_cause",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stands", "contested"), _negated=True), ("owner__isnull", False), _connector="OR"
                        ),
                        name="deviation_contested_has_an_owner",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeviationWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("says", models.CharField(max_length=8)),
                ("cause", models.CharField(max_length=8)),
                ("code", models.CharField(default="", max_length=40)),
                ("text", models.CharField(max_length=1000)),
                ("from_provider", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
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
                    "deviation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="words", to="payments.deviation"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("visit", models.CharField(max_length=60)),
                ("call", models.CharField(max_length=60)),
                ("on", models.DateField()),
                ("came_at", models.DateTimeField()),
                ("came_second", models.PositiveIntegerField()),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.branch",
                    ),
                ),
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
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brokerage.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["council", "on"], name="arrival_of_council"),
                    models.Index(fields=["council", "person", "on"], name="arrival_of_person"),
                ],
                "constraints": [models.UniqueConstraint(fields=("council", "visit"), name="arrival_once")],
            },
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]
