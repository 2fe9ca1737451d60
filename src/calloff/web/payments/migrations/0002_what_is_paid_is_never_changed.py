"""The database itself refuses a change of what was worth or posted, an unbalanced journal, and another council's rows."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import references_within_council, unchangeable, within_council
from calloff.web.payments.services.seals import balanced

NEVER_CHANGED = ("payments_entitlement", "payments_posting", "payments_seal")


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    vendor = schema_editor.connection.vendor
    made = [model for label in ("visits", "payments") for model in apps.get_app_config(label).get_models()]
    statements = within_council(references_within_council(made), vendor)
    statements += [statement for table in NEVER_CHANGED for statement in unchangeable(table, vendor)]
    for statement in [*statements, *balanced(vendor)]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_entitlements_and_runs"), ("visits", "0001_planned_and_delivered")]
    operations = [migrations.RunPython(refuse, migrations.RunPython.noop)]
