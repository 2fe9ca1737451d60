"""Packages that came in from a file on the first day, each row once."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models.deletion import PROTECT

from calloff.web.audit.services.triggers import within_council

TABLE = "brokerage_broughtin"


def refuse(apps: Any, schema_editor: Any) -> None:
    """What came in belongs to one council, as its package and its draft do."""
    references = [(TABLE, "package_id", "brokerage_package"), (TABLE, "draft_id", "contracts_draft")]
    for statement in within_council(references, schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = (
        ("brokerage", "0005_an_owner_in_time"),
        ("contracts", "0002_uploads_and_declarations"),
        ("directory", "0001_councils_and_providers"),
    )
    operations = (
        migrations.CreateModel(
            name="BroughtIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("case_number", models.CharField(max_length=40)),
                ("reference", models.CharField(max_length=40)),
                ("row_hash", models.CharField(max_length=64)),
                ("council", models.ForeignKey(on_delete=PROTECT, related_name="+", to="directory.council")),
                ("draft", models.ForeignKey(on_delete=PROTECT, related_name="+", to="contracts.draft")),
                (
                    "package",
                    models.OneToOneField(on_delete=PROTECT, related_name="brought_in", to="brokerage.package"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("council", "case_number", "reference"), name="brought_in_once")
                ]
            },
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    )
