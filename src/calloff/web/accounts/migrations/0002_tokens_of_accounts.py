"""What accounts are called in addresses: drawn for each, never their number."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.accounts.models import draw_token


def draw_for_each(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    users = apps.get_model("accounts", "User")
    for number in users.objects.values_list("pk", flat=True):
        users.objects.filter(pk=number).update(token=draw_token())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people_and_roles")]
    operations = [
        migrations.AddField("user", "token", models.CharField(max_length=16, null=True)),
        migrations.RunPython(draw_for_each, migrations.RunPython.noop),
        migrations.AlterField("user", "token", models.CharField(default=draw_token, max_length=16, unique=True)),
    ]
