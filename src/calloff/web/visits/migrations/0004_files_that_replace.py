"""Files that hold all of a contract's week, files that call themselves something, and tables of a provider's own."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from calloff.web.audit.services.triggers import set_aside, unchangeable, within_council

REFERENCES = (("visits_wholeweek", "file_id", "visits_visitfile"),)
NEVER_CHANGED = ("visits_wholeweek", "visits_visitrow")


def refuse(apps: Any, schema_editor: Any) -> None:
    """What a provider said is never changed, and is of its council."""
    vendor = schema_editor.connection.vendor
    statements = within_council(REFERENCES, vendor)
    statements += [statement for table in NEVER_CHANGED for statement in unchangeable(table, vendor)]
    for statement in statements:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_councils_and_providers"),
        ("visits", "0003_what_stops_a_visit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        # It makes triggers for every table that there is by then.
        ("payments", "0002_what_is_paid_is_never_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="visitfile",
            name="not_read",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="visitfile",
            name="reference",
            field=models.CharField(default="", max_length=60),
        ),
        migrations.CreateModel(
            name="WholeWeek",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract", models.CharField(max_length=60)),
                ("week", models.DateField()),
                ("version", models.DateTimeField()),
                ("keys", models.TextField()),
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
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="weeks", to="visits.visitfile"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("council", "branch", "contract", "week", "version"), name="whole_week_version_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SentTable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("data", models.BinaryField()),
                ("sent_at", models.DateTimeField()),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.branch"
                    ),
                ),
                (
                    "council",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.council"
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NamedColumns",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("hash", models.CharField(max_length=64)),
                ("named_at", models.DateTimeField()),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.branch"
                    ),
                ),
                (
                    "named_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("branch", "hash"), name="named_columns_once")],
            },
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """On SQLite a table is made anew, and triggers of others look into it."""
        with set_aside(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)
