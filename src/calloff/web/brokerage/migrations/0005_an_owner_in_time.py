"""Until when the duty team shall give a package an owner."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("brokerage", "0004_call_offs_that_continue"),)
    operations = (migrations.AddField("package", "assign_by", models.DateTimeField(null=True)),)
