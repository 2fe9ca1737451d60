"""The database itself refuses a reference from a row of one council to a row of another."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import references_within_council, within_council


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    made = [model for label in ("contracts", "brokerage") for model in apps.get_app_config(label).get_models()]
    made += [model for model in apps.get_app_config("directory").get_models()]
    for statement in within_council(references_within_council(made), schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("brokerage", "0001_requests_to_call_offs"), ("contracts", "0001_models_and_enrolments")]
    operations = [migrations.RunPython(refuse, migrations.RunPython.noop)]
