"""The files from which drafts are read, and what providers said they have to spare."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from calloff.web.audit.services.triggers import within_council

REFERENCES = (
    ("contracts_declaration", "enrolment_id", "contracts_enrolment"),
    ("contracts_upload", "draft_id", "contracts_draft"),
)


def refuse(apps: Any, schema_editor: Any) -> None:
    """Neither points at a row of another council."""
    for statement in within_council(REFERENCES, schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def council() -> Any:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.council")


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_councils_and_providers"),
        ("contracts", "0001_models_and_enrolments"),
        # Which gives every reference there is by then its guard: those made here bring their own.
        ("brokerage", "0002_no_reference_leaves_its_council"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("hash", models.CharField(max_length=64)),
                ("summary", models.TextField(default="{}")),
                ("done", models.PositiveIntegerField(default=0)),
                ("size", models.PositiveIntegerField(default=0)),
                ("carried_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(default="", max_length=1000)),
                ("council", council()),
                (
                    "draft",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="upload", to="contracts.draft"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["council", "hash"], name="upload_by_hash")]},
        ),
        migrations.CreateModel(
            name="Declaration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("spare", models.TextField()),
                ("at", models.DateTimeField()),
                ("channel", models.CharField(default="portal", max_length=10)),
                ("told_by", models.CharField(default="", max_length=120)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("council", council()),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="declarations",
                        to="contracts.enrolment",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["enrolment", "at"], name="declaration_of")]},
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]
