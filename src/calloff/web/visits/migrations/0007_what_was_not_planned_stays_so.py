"""Whether a visit was planned is never changed either: the column came after the refusal of changes."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import fixed_anew

TABLE = "visits_plannedvisit"


def fix(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    fields = apps.get_model("visits", "PlannedVisit")._meta.concrete_fields
    columns = [str(one.column) for one in fields if one.name != "superseded_at"]
    for statement in fixed_anew(TABLE, columns, schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0006_exception_codes"),
    ]

    operations = [
        migrations.RunPython(fix, migrations.RunPython.noop),
    ]
