"""Whose need is unmet is somebody of the council that says so: the reference had come without its guard."""

from typing import Any

from django.db import migrations

from calloff.web.audit.services.triggers import within_council


def refuse(apps: Any, schema_editor: Any) -> None:
    references = [("brokerage_unmetstretch", "person_id", "brokerage_person")]
    for statement in within_council(references, schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("brokerage", "0012_reablement_is_free")]
    operations = [migrations.RunPython(refuse, migrations.RunPython.noop)]
