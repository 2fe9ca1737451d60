"""Rows are withdrawn by a file that holds their whole week without them, never one by one: nothing set the column."""

from typing import Any

from django.db import migrations

from calloff.web.audit.services.triggers import set_aside


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0007_what_was_not_planned_stays_so"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="visitrow",
            name="withdrawn",
        ),
    ]

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """On SQLite the table is made anew, and triggers of others look into it."""
        with set_aside(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)
