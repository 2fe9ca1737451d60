"""Rows that belong to no visit by themselves, what is said of them, and visits that were approved afterwards."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from calloff.web.audit.services.triggers import set_aside, unchangeable, within_council

REFERENCES = (
    ("visits_looserow", "row_id", "visits_visitrow"),
    ("visits_looserow", "person_id", "brokerage_person"),
    ("visits_looseword", "loose_id", "visits_looserow"),
)


def refuse(apps: Any, schema_editor: Any) -> None:
    """What is said of a row is never changed, and is of its council."""
    vendor = schema_editor.connection.vendor
    statements = within_council(REFERENCES, vendor)
    for statement in [*statements, *unchangeable("visits_looseword", vendor)]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0010_the_life_of_a_package"),
        ("directory", "0001_councils_and_providers"),
        ("visits", "0004_files_that_replace"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LooseRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("key", models.CharField(max_length=200)),
                ("is_a", models.PositiveSmallIntegerField()),
                ("why", models.CharField(default="", max_length=20)),
                ("suggested", models.CharField(default="", max_length=60)),
                ("state", models.CharField(default="open", max_length=6)),
                ("outcome", models.CharField(default="", max_length=10)),
                ("visit", models.CharField(default="", max_length=60)),
                ("minutes", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.branch"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="brokerage.person"
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="visits.visitrow"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["council", "state", "opened_at"], name="loose_row_to_look_at"),
                    models.Index(fields=["council", "person", "state"], name="loose_row_of_person"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("council", "branch", "key"), name="loose_row_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("state", "open")),
                            models.Q(("state", "closed"), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="loose_row_closed_with_an_outcome",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LooseWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                    "loose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="words", to="visits.looserow"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="plannedvisit",
            name="unplanned",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="visitrow",
            index=models.Index(fields=["council", "branch", "worker", "came_at"], name="visit_row_of_worker"),
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """On SQLite a table is made anew, and triggers of others look into it."""
        with set_aside(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)
