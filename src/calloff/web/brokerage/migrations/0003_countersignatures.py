"""What waits for a second signature, and how long a chain of changed counters has become."""

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import references_within_council, within_council


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    made = [apps.get_model("brokerage", "Countersignature")]
    for statement in within_council(references_within_council(made), schema_editor.connection.vendor):
        schema_editor.execute(statement)


USER = settings.AUTH_USER_MODEL
PROTECT = django.db.models.deletion.PROTECT
WAITING, SIGNED = models.Q(state="waiting"), models.Q(state="signed")


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0002_no_reference_leaves_its_council"),
        ("directory", "0001_councils_and_providers"),
        migrations.swappable_dependency(USER),
    ]

    operations = [
        migrations.AddField("lastcounters", "steps", models.PositiveSmallIntegerField(default=0)),
        migrations.CreateModel(
            name="Countersignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("content", models.TextField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("asked_identity", models.PositiveBigIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("decided_identity", models.PositiveBigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("asked_by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=USER)),
                ("council", models.ForeignKey(on_delete=PROTECT, related_name="+", to="directory.council")),
                ("decided_by", models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to=USER)),
                (
                    "invitation",
                    models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="brokerage.invitation"),
                ),
                (
                    "package",
                    models.ForeignKey(on_delete=PROTECT, related_name="countersignatures", to="brokerage.package"),
                ),
                ("second", models.ForeignKey(on_delete=PROTECT, related_name="+", to=USER)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=~SIGNED | ~models.Q(asked_identity=models.F("decided_identity")),
                        name="countersigned_by_another",
                    ),
                    models.CheckConstraint(
                        condition=~SIGNED | models.Q(decided_identity__isnull=False), name="countersigned_by_somebody"
                    ),
                    models.UniqueConstraint(condition=WAITING, fields=("package",), name="countersignature_waits_once"),
                ],
            },
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]
