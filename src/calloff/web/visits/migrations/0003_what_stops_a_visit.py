"""What stops a planned visit, beside it; and rows that are superseded, never changed, and tile the time they were known."""

from typing import Any

from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.tiles import rows_tile
from calloff.web.audit.services.triggers import only_superseded, set_aside

TABLE = "visits_plannedvisit"


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    vendor = schema_editor.connection.vendor
    fields = apps.get_model("visits", "PlannedVisit")._meta.concrete_fields
    columns = [str(one.column) for one in fields if one.name != "superseded_at"]
    for statement in [*only_superseded(TABLE, columns, vendor), *rows_tile(TABLE, ("council_id", "reference"), vendor)]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0002_where_planning_begins"),
    ]

    operations = [
        migrations.AddField(
            model_name="plannedvisit",
            name="restarts",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="plannedvisit",
            name="staff_paid",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="plannedvisit",
            name="stop_day",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="plannedvisit",
            name="stop_told_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="plannedvisit",
            name="stopped_by",
            field=models.CharField(default="", max_length=12),
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """On SQLite the table is made anew, and triggers of others look into it."""
        with set_aside(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)
