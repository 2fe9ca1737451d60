"""The database itself refuses a change of what was worth or posted, an unbalanced journal, and another council's rows."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import references_within_council, unchangeable, within_council
from calloff.web.payments.services.seals import balanced, stands_with_its_run

WITH_THEIR_RUN = ("payments_payline", "payments_funderline", "payments_chargeline")
NEVER_CHANGED = ("payments_entitlement", "payments_posting", "payments_seal", "payments_charge")


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    vendor = schema_editor.connection.vendor
    made = [model for label in ("visits", "payments") for model in apps.get_app_config(label).get_models()]
    statements = [
        statement
        for table, column, target, _council in references_within_council(made)
        for statement in within_council(table, column, target, vendor)
    ]
    statements += [statement for table in NEVER_CHANGED for statement in unchangeable(table, vendor)]
    statements += [statement for table in WITH_THEIR_RUN for statement in stands_with_its_run(table, vendor)]
    for statement in [*statements, *balanced(vendor)]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_entitlements_and_runs"), ("visits", "0001_planned_and_delivered")]
    operations = [migrations.RunPython(refuse, migrations.RunPython.noop)]
