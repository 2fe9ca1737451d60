"""Packages that are asked for together, as a lot: a package without a person, of which others are members."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import PROTECT

from calloff.web.audit.services.triggers import set_aside, within_council

TABLE = "brokerage_package"


def refuse(apps: Any, schema_editor: Any) -> None:
    """A lot is of the council of its members."""
    for statement in within_council([(TABLE, "lot_id", TABLE)], schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = (("brokerage", "0007_found_by_what_is_asked"),)
    operations = (
        migrations.AlterField(
            "package",
            "person",
            models.ForeignKey(null=True, on_delete=PROTECT, related_name="packages", to="brokerage.person"),
        ),
        migrations.AddField(
            "package",
            "lot",
            models.ForeignKey(null=True, on_delete=PROTECT, related_name="members", to="brokerage.package"),
        ),
        migrations.AddField("package", "is_lot", models.BooleanField(default=False)),
        migrations.AddField("package", "with_others", models.CharField(default="", max_length=8)),
        migrations.AddConstraint(
            "package",
            models.CheckConstraint(
                condition=Q(is_lot=False, person__isnull=False) | Q(is_lot=True, person__isnull=True, lot__isnull=True),
                name="package_is_of_a_person_or_a_lot",
            ),
        ),
        migrations.AddConstraint(
            "package",
            models.CheckConstraint(
                condition=Q(with_others__in=("", "gathers")) | Q(with_others="in_lot", lot__isnull=False),
                name="package_in_a_lot_names_it",
            ),
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    )

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """On SQLite the table is made anew, and triggers of others look into it."""
        with set_aside(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)
