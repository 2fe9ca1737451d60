"""Reablement is a kind of funding of its own: the council's money, of which nobody is charged a part."""

from typing import Any

from django.db import migrations, models

from calloff.web.audit.services.triggers import set_aside


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0011_changes_that_count_from_a_past_day"),
        ("directory", "0001_councils_and_providers"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="fundersplit",
            name="funder_split_kind_known",
        ),
        migrations.AlterField(
            model_name="fundersplit",
            name="kind",
            field=models.CharField(max_length=10),
        ),
        migrations.AddConstraint(
            model_name="fundersplit",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("council", "chc", "joint", "s117", "reablement"))),
                name="funder_split_kind_known",
            ),
        ),
    ]

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """The table refuses changes of this very column, on both engines before and after."""
        with set_aside(schema_editor, "brokerage_fundersplit"):
            return super().apply(project_state, schema_editor, collect_sql)
