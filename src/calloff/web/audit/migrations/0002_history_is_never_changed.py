"""The database itself refuses to change or delete an event."""

from django.db import migrations

from calloff.web.audit.services.triggers import changeable_again, unchangeable


def refuse(apps, schema_editor):
    for statement in unchangeable("audit_event", schema_editor.connection.vendor):
        schema_editor.execute(statement)


def allow(apps, schema_editor):
    for statement in changeable_again("audit_event", schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_chain")]
    operations = [migrations.RunPython(refuse, allow)]
