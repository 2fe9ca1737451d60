"""What happens to a package after its call-off, and who pays for it: rows that are superseded, never changed."""

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from calloff.web.audit.services.triggers import only_superseded, references_within_council, within_council

MADE = ("FunderSplit",)


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    vendor = schema_editor.connection.vendor
    made = [apps.get_model("brokerage", name) for name in MADE]
    statements = [
        statement
        for table, column, target, _council in references_within_council(made)
        for statement in within_council(table, column, target, vendor)
    ]
    for model in made:
        columns = [str(one.column) for one in model._meta.concrete_fields if one.name != "superseded_at"]
        statements += only_superseded(model._meta.db_table, columns, vendor)
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0009_whose_need_is_unmet"),
        ("directory", "0001_councils_and_providers"),
    ]

    operations = [
        migrations.CreateModel(
            name="FunderSplit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("funder", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=8)),
                ("basis_points", models.PositiveSmallIntegerField()),
                ("from_on", models.DateField()),
                ("known_from", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "council",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.council",
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="funder_splits",
                        to="brokerage.package",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("council", "package", "from_on", "funder"),
                        name="funder_split_names_each_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("basis_points__gte", 1), ("basis_points__lte", 10000)),
                        name="funder_split_is_a_share",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("council", "chc", "joint", "s117"))),
                        name="funder_split_kind_known",
                    ),
                ],
            },
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]
