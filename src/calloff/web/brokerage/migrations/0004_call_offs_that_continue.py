"""A call-off of which some visits are no longer wanted goes on in another one."""

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import within_council


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    table = "brokerage_calloff"
    for statement in within_council([(table, "continues_id", table)], schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("brokerage", "0003_countersignatures")]
    operations = [
        migrations.AddField(
            "calloff",
            "continues",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="continued_by",
                to="brokerage.calloff",
            ),
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]
