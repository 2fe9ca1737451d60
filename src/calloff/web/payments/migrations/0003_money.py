"""Money: journals by contract and code, holds, periods, charges, uplifts, bank details, and what the database refuses."""

from datetime import date
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from calloff.domain.calendar import local
from calloff.web.audit.services.triggers import (
    changeable_again,
    references_within_council,
    set_aside,
    unchangeable,
    within_council,
)
from calloff.web.payments.services.seals import stands_with_its_run

WITH_THEIR_RUN = ("payments_payline", "payments_funderline", "payments_chargeline")
NEVER_CHANGED = ("payments_holdword", "payments_charge")
BEFORE = (
    *("RuleVersion", "Entitlement", "PayRun", "PayLine", "Posting", "Seal"),
    *("PlanningStart", "PlannedVisit", "VisitFile", "VisitRow"),
)
"""Tables whose references were within their council before."""
SEAL = "payments_seal"


def tell_seals(apps: Any, schema_editor: Any) -> None:
    """Journals that were sealed before get their kind, their day and their hash."""
    from calloff.web.payments.services.ledger import Entry, hash_of

    seals, postings = apps.get_model("payments", "Seal"), apps.get_model("payments", "Posting")
    # On SQLite every trigger is set aside as it is.
    kept = schema_editor.connection.vendor != "sqlite"
    for statement in changeable_again(SEAL, "postgresql") if kept else ():
        schema_editor.execute(statement, params=None)
    for seal in seals.objects.filter(hash=""):
        rows = postings.objects.filter(council_id=seal.council_id, journal=seal.journal)
        seal.kind = "released" if seal.journal.startswith("PAID-") else "approved"
        seal.on, seal.run_id = local(seal.at).date(), rows.values_list("run_id", flat=True).first()
        seal.hash = hash_of(seal, [Entry(one.account, one.pence, one.branch_id, one.enrolment_id) for one in rows])
        seal.save()
    for statement in unchangeable(SEAL, "postgresql") if kept else ():
        schema_editor.execute(statement, params=None)


def refuse(apps: Any, schema_editor: Any) -> None:
    """What is never changed, what stands with its run, and whose council a reference must be of."""
    vendor = schema_editor.connection.vendor
    made = [one for one in apps.get_app_config("payments").get_models() if one.__name__ not in BEFORE]
    added = [*references_within_council(made)]
    added += [("payments_posting", "person_id", "brokerage_person"), (SEAL, "run_id", "payments_payrun")]
    statements = within_council(added, vendor)
    statements += [statement for table in NEVER_CHANGED for statement in unchangeable(table, vendor)]
    statements += [statement for table in WITH_THEIR_RUN for statement in stands_with_its_run(table, vendor)]
    for statement in statements:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("brokerage", "0010_the_life_of_a_package"),
        ("contracts", "0002_uploads_and_declarations"),
        ("directory", "0001_councils_and_providers"),
        ("payments", "0002_what_is_paid_is_never_changed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="payrun",
            name="pay_run_drafted_once",
        ),
        migrations.RemoveConstraint(
            model_name="payrun",
            name="pay_run_approved_by_somebody",
        ),
        migrations.CreateModel(
            name="Advance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("pence", models.BigIntegerField()),
                ("reason", models.CharField(max_length=20)),
                ("state", models.CharField(default="asked", max_length=8)),
                ("asked_identity", models.PositiveBigIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("decided_identity", models.PositiveBigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.branch"
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
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "paid"), _negated=True),
                            models.Q(
                                ("decided_identity__isnull", False),
                                models.Q(("decided_identity", models.F("asked_identity")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="advance_approved_by_another",
                    ),
                    models.CheckConstraint(condition=models.Q(("pence__gt", 0)), name="advance_above_nothing"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pence_per_week", models.BigIntegerField()),
                ("from_on", models.DateField()),
                ("set_at", models.DateTimeField()),
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
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="brokerage.person"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("person", "from_on"),
                        name="assessment_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pence_per_week__gte", 0)), name="assessment_not_below_nothing"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankDetail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("proposed_identity", models.PositiveBigIntegerField()),
                ("proposed_at", models.DateTimeField()),
                ("decided_identity", models.PositiveBigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("sort_code", models.CharField(max_length=6)),
                ("account", models.CharField(max_length=8)),
                ("name", models.CharField(max_length=18)),
                ("counts_from", models.DateTimeField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.branch"
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
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(
                                ("decided_identity__isnull", False),
                                models.Q(("decided_identity", models.F("proposed_identity")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bank_detail_approved_by_another",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "proposed")),
                        fields=("council", "branch"),
                        name="bank_detail_proposed_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BlockYear",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("from_on", models.DateField()),
                ("to_on", models.DateField()),
                ("pence", models.BigIntegerField()),
                ("agreed_minutes", models.PositiveIntegerField()),
                ("centipence", models.PositiveIntegerField()),
                ("proposed_identity", models.PositiveBigIntegerField()),
                ("proposed_at", models.DateTimeField()),
                ("approved_identity", models.PositiveBigIntegerField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("delivered_minutes", models.PositiveIntegerField(null=True)),
                ("gates_met", models.BooleanField(null=True)),
                (
                    "approved_by",
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
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.enrolment"
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("council", "enrolment", "from_on"), name="block_year_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_identity__isnull", True),
                            models.Q(("approved_identity", models.F("proposed_identity")), _negated=True),
                            _connector="OR",
                        ),
                        name="block_year_approved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pence__gt", 0), ("to_on__gt", models.F("from_on"))),
                        name="block_year_is_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("week", models.DateField()),
                ("contract", models.CharField(max_length=60)),
                ("number", models.PositiveIntegerField()),
                ("chargeable_pence", models.BigIntegerField()),
                ("assessed_pence", models.BigIntegerField()),
                ("pence", models.BigIntegerField()),
                ("known_at", models.DateTimeField()),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.branch",
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
                (
                    "enrolment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.enrolment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="brokerage.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("council", "person", "week", "contract", "number"), name="charge_version_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("pence__gte", 0)), name="charge_not_below_nothing"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChargeLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("net", models.BooleanField()),
                ("pence", models.BigIntegerField()),
                (
                    "charge",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="line", to="payments.charge"
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
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="charge_lines", to="payments.payrun"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChargeRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField()),
                ("basis", models.CharField(default="actual", max_length=8)),
                ("centipence_per_hour", models.PositiveIntegerField(default=0)),
                ("no_access", models.BooleanField(default=False)),
                ("short_notice", models.BooleanField(default=False)),
                ("set_at", models.DateTimeField()),
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
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("council", "from_on"),
                        name="charge_rule_stands_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FunderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("funder", models.CharField(max_length=20)),
                ("pence", models.BigIntegerField()),
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
                    "entitlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="funder_lines",
                        to="payments.entitlement",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="funder_lines", to="payments.payrun"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "entitlement", "funder"), name="funder_line_once_in_a_run")
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("anchor", models.CharField(max_length=60)),
                ("component", models.CharField(max_length=8)),
                ("kind", models.CharField(max_length=8)),
                ("reason", models.CharField(max_length=20)),
                ("claimed_minutes", models.PositiveIntegerField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("reply_by", models.DateTimeField()),
                ("state", models.CharField(default="open", max_length=8)),
                ("outcome", models.CharField(default="", max_length=12)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.branch",
                    ),
                ),
                (
                    "closed_by",
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
                (
                    "entitlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.entitlement"
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["council", "state", "reply_by"], name="hold_to_answer"),
                    models.Index(fields=["branch", "state"], name="hold_of_branch"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("council", "anchor", "component"),
                        name="hold_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("hold", "dispute"))), name="hold_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=1000)),
                ("from_provider", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="words", to="payments.hold"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("funder", models.CharField(default="", max_length=20)),
                ("from_on", models.DateField()),
                ("cost_centre", models.CharField(max_length=20)),
                ("subjective", models.CharField(max_length=20)),
                ("vat", models.CharField(default="exempt", max_length=8)),
                ("set_at", models.DateTimeField()),
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
                    "enrolment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.enrolment",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("council", "enrolment", "funder", "from_on"),
                        name="ledger_code_stands_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("enrolment__isnull", True), ("superseded_at__isnull", True)),
                        fields=("council", "funder", "from_on"),
                        name="ledger_code_of_all_stands_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("pence", models.BigIntegerField()),
                ("starts_on", models.DateField()),
                ("due_on", models.DateField()),
                ("met", models.BooleanField(null=True)),
                ("set_at", models.DateTimeField()),
                ("judged_at", models.DateTimeField(null=True)),
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
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.enrolment"
                    ),
                ),
                (
                    "judged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="brokerage.person"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("due_on__gte", models.F("starts_on")), ("pence__gt", 0)),
                        name="outcome_is_worth_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("invoice", models.CharField(max_length=40)),
                ("pence", models.BigIntegerField()),
                ("brought_pence", models.BigIntegerField(default=0)),
                ("due_on", models.DateField()),
                ("sent_at", models.DateTimeField()),
                ("state", models.CharField(default="sent", max_length=8)),
                ("returned_at", models.DateTimeField(null=True)),
                ("return_reason", models.CharField(default="", max_length=20)),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.branch",
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
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="payments.payrun"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["council", "branch", "sent_at"], name="payment_of_branch")],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "branch"), name="payment_once_in_a_run"),
                    models.UniqueConstraint(fields=("council", "invoice"), name="payment_invoice_once"),
                    models.CheckConstraint(condition=models.Q(("pence__gt", 0)), name="payment_above_nothing"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField()),
                ("period", models.CharField(default="weekly", max_length=12)),
                ("anchor_on", models.DateField()),
                ("cut_off_days", models.PositiveSmallIntegerField(default=3)),
                ("pay_days", models.PositiveSmallIntegerField(default=9)),
                ("due_days", models.PositiveSmallIntegerField(default=30)),
                ("interest_basis_points", models.PositiveIntegerField(default=0)),
                ("net", models.BooleanField(default=False)),
                ("plan_when_late", models.BooleanField(default=False)),
                ("self_billing", models.CharField(default="", max_length=60)),
                ("purchase_order", models.CharField(default="", max_length=40)),
                ("set_at", models.DateTimeField()),
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
                    "enrolment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.enrolment",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("council", "enrolment", "from_on"),
                        name="pay_terms_stand_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("enrolment__isnull", True), ("superseded_at__isnull", True)),
                        fields=("council", "from_on"),
                        name="pay_terms_of_all_stand_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period__in", ("weekly", "four_weekly", "monthly"))),
                        name="pay_terms_period_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField()),
                ("to_on", models.DateField()),
                ("stage", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
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
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.enrolment"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("council", "enrolment", "from_on", "stage"), name="reconciled_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Recovery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("pence", models.BigIntegerField()),
                ("instalment_pence", models.BigIntegerField(default=0)),
                ("left_on", models.DateField(null=True)),
                ("agreed_at", models.DateTimeField()),
                (
                    "agreed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.branch"
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
                    models.UniqueConstraint(fields=("council", "number"), name="recovery_once"),
                    models.CheckConstraint(condition=models.Q(("pence__gt", 0)), name="recovery_above_nothing"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Retro",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("anchor", models.CharField(max_length=60)),
                ("pence", models.BigIntegerField()),
                ("why", models.CharField(max_length=400)),
                ("state", models.CharField(default="found", max_length=8)),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
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
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entitlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.entitlement"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "found")), fields=("council", "anchor"), name="retro_found_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            ("decided_by__isnull", False),
                            _connector="OR",
                        ),
                        name="retro_approved_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("proposed_identity", models.PositiveBigIntegerField()),
                ("proposed_at", models.DateTimeField()),
                ("decided_identity", models.PositiveBigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("model", models.CharField(max_length=80)),
                ("rule", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("starts_on", models.DateField()),
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
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("approved", "undone")), _negated=True),
                            models.Q(
                                ("decided_identity__isnull", False),
                                models.Q(("decided_identity", models.F("proposed_identity")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="ruleproposal_approved_by_another",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Shadow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("model", models.CharField(default="*", max_length=80)),
                ("rule", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("from_on", models.DateField()),
                ("to_on", models.DateField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("summary", models.TextField(default="{}")),
                ("problem", models.CharField(default="", max_length=300)),
                ("asked_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
        ),
        migrations.CreateModel(
            name="Uplift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=16, unique=True)),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("proposed_identity", models.PositiveBigIntegerField()),
                ("proposed_at", models.DateTimeField()),
                ("decided_identity", models.PositiveBigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("title", models.CharField(max_length=120)),
                ("model", models.CharField(default="*", max_length=80)),
                ("from_on", models.DateField()),
                ("share", models.IntegerField(default=0)),
                ("flat_centipence", models.IntegerField(default=0)),
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
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("approved", "undone")), _negated=True),
                            models.Q(
                                ("decided_identity__isnull", False),
                                models.Q(("decided_identity", models.F("proposed_identity")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="uplift_approved_by_another",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UpliftLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_id", models.CharField(max_length=60)),
                ("new_line_id", models.CharField(max_length=60)),
                ("old_to_on", models.DateField(null=True)),
                ("before", models.PositiveIntegerField()),
                ("after", models.PositiveIntegerField()),
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
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.enrolment"
                    ),
                ),
                (
                    "uplift",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="payments.uplift"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("uplift", "enrolment", "line_id"), name="uplift_line_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="payrun",
            name="problem",
            field=models.CharField(default="", max_length=300),
        ),
        migrations.AddField(
            model_name="posting",
            name="cost_centre",
            field=models.CharField(default="", max_length=20),
        ),
        migrations.AddField(
            model_name="posting",
            name="funder",
            field=models.CharField(default="", max_length=20),
        ),
        migrations.AddField(
            model_name="posting",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="brokerage.person"
            ),
        ),
        migrations.AddField(
            model_name="posting",
            name="subjective",
            field=models.CharField(default="", max_length=20),
        ),
        migrations.AddField(
            model_name="seal",
            name="hash",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="seal",
            name="kind",
            field=models.CharField(default="", max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="seal",
            name="on",
            field=models.DateField(default=date(2026, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="seal",
            name="reverses",
            field=models.CharField(default="", max_length=110),
        ),
        migrations.AddField(
            model_name="seal",
            name="run",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="journals", to="payments.payrun"
            ),
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="brokerage.person",
            ),
        ),
        migrations.AlterField(
            model_name="payrun",
            name="state",
            field=models.CharField(default="draft", max_length=10),
        ),
        migrations.AlterField(
            model_name="posting",
            name="journal",
            field=models.CharField(max_length=110),
        ),
        migrations.AlterField(
            model_name="seal",
            name="journal",
            field=models.CharField(max_length=110),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["council", "account", "branch"], name="posting_of_account"),
        ),
        migrations.AddConstraint(
            model_name="payrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("preparing", "draft"))),
                fields=("council",),
                name="pay_run_drafted_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ("preparing", "draft", "dropped")),
                    ("approved_identity__isnull", False),
                    _connector="OR",
                ),
                name="pay_run_approved_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "account__in",
                        (
                            "care_cost",
                            "funder_receivable",
                            "provider_payable",
                            "bank_clearing",
                            "person_receivable",
                            "contribution_income",
                            "accruals",
                            "prepayments",
                            "provider_receivable",
                        ),
                    )
                ),
                name="posting_account_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="seal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses", ""), _negated=True),
                fields=("council", "reverses"),
                name="journal_reversed_once",
            ),
        ),
        migrations.RunPython(tell_seals, migrations.RunPython.noop),
        migrations.RunPython(refuse, migrations.RunPython.noop),
    ]

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """On SQLite tables are made anew, and triggers of others look into them."""
        with set_aside(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)
