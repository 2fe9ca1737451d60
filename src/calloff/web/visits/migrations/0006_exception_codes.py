"""A council's own exception codes, each version kept."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from calloff.web.audit.services.triggers import unchangeable


def refuse(apps: Any, schema_editor: Any) -> None:
    """What a code said is never changed."""
    for statement in unchangeable("visits_exceptioncode", schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_councils_and_providers"),
        ("visits", "0005_rows_that_belong_to_nothing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExceptionCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("number", models.PositiveIntegerField()),
                ("words", models.CharField(max_length=120)),
                ("explains", models.CharField(max_length=60)),
                ("archived", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "council",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.council",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("council", "code", "number"), name="exception_code_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="exception_code_numbered_from_one"
                    ),
                ],
            },
        ),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]
