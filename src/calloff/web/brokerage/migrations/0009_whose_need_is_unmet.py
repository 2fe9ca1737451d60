"""Whose need is unmet, beside how much of it, so that people who wait are counted without reading packages."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models.deletion import PROTECT

FILL = """
UPDATE brokerage_unmetstretch SET person_id = (
    SELECT package.person_id FROM brokerage_package AS package WHERE package.id = brokerage_unmetstretch.package_id
)
"""


class Migration(migrations.Migration):
    dependencies = (("brokerage", "0008_lots"),)
    operations = (
        migrations.AddField(
            "unmetstretch",
            "person",
            models.ForeignKey(db_index=False, null=True, on_delete=PROTECT, related_name="+", to="brokerage.person"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    )
