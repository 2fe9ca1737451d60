"""The past day from which a change of need counts that was asked for with hindsight."""

from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import fixed_anew


def fix(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    version = apps.get_model("brokerage", "PackageVersion")
    columns = [str(one.column) for one in version._meta.concrete_fields if one.name != "reason"]
    for statement in fixed_anew(version._meta.db_table, columns, schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0010_the_life_of_a_package"),
    ]

    operations = [
        migrations.AddField(
            model_name="packageversion",
            name="counts_from_on",
            field=models.DateField(null=True),
        ),
        migrations.RunPython(fix, migrations.RunPython.noop),
    ]
