"""The database itself refuses to change or delete an event."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import changeable_again, unchangeable


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in unchangeable("audit_event", schema_editor.connection.vendor):
        schema_editor.execute(statement)


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in changeable_again("audit_event", schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_chain")]
    operations = [migrations.RunPython(refuse, allow)]
