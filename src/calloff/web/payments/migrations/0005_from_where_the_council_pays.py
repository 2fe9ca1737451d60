"""Bank details without a provider: from where the council itself pays."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from calloff.web.audit.services.triggers import set_aside


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_councils_and_providers"),
        ("payments", "0004_missed_late_and_short"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="bankdetail",
            name="service_user",
            field=models.CharField(default="", max_length=6),
        ),
        migrations.AlterField(
            model_name="bankdetail",
            name="branch",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.branch"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankdetail",
            constraint=models.UniqueConstraint(
                condition=models.Q(("branch__isnull", True), ("state", "proposed")),
                fields=("council",),
                name="own_account_proposed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankdetail",
            constraint=models.CheckConstraint(
                condition=models.Q(("service_user", ""), ("branch__isnull", True), _connector="OR"),
                name="service_user_is_the_councils",
            ),
        ),
    ]

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """On SQLite the table is made anew, and all triggers are read while it is."""
        with set_aside(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)
