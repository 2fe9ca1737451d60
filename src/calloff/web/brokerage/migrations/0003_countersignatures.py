"""What waits for a second signature, and how long a chain of changed counters has become."""

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import references_within_council, within_council


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    made = [apps.get_model("brokerage", "Countersignature")]
    for table, column, target, _council in references_within_council(made):
        for statement in within_council(table, column, target, schema_editor.connection.vendor):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [('brokerage','0002_no_reference_leaves_its_council')]
    operations = []
