"""
Indexes by which queue, deadlines and a provider's invitations are found, however many rows there are.

The indexes of one column that Django makes for a reference go where another begins with the same column: SQLite, which
keeps no statistics, would use the short one. They are dropped by name, since a changed column would make SQLite build
the table again, without its triggers.
"""

from __future__ import annotations

from django.db import migrations, models
from django.db.models.deletion import PROTECT

OF_ONE_COLUMN = ("brokerage_invitation_council_id_a3a99bfc", "brokerage_invitation_branch_id_dae31a4b")


class Migration(migrations.Migration):
    dependencies = (("brokerage", "0006_packages_brought_in"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"DROP INDEX IF EXISTS {name}", migrations.RunSQL.noop) for name in OF_ONE_COLUMN
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="invitation",
                    name="council",
                    field=models.ForeignKey(
                        db_index=False, on_delete=PROTECT, related_name="+", to="directory.council"
                    ),
                ),
                migrations.AlterField(
                    model_name="invitation",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False, on_delete=PROTECT, related_name="invitations", to="directory.branch"
                    ),
                ),
            ],
        ),
        migrations.RemoveIndex(model_name="invitation", name="invitation_live"),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["council", "state", "deadline_at"], name="invitation_by_state"),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["branch", "-sent_at"], name="invitation_by_sending"),
        ),
        migrations.RemoveIndex(model_name="package", name="package_queue"),
        migrations.AddIndex(
            model_name="package",
            index=models.Index(fields=["council", "next_action", "next_action_at", "reference"], name="package_to_do"),
        ),
    )
