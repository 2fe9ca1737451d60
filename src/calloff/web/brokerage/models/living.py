"""What becomes of care that is given: stays in hospital, changes of a few days, handbacks, and who bears it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.domain.funding import KINDS as FUNDING_KINDS
from calloff.web.brokerage.models.calling_off import CallOff
from calloff.web.brokerage.models.packages import Package
from calloff.web.brokerage.models.people import Person


class Stay(models.Model):
    """A person in hospital: since when, ready for discharge since when, and what is waited for."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="stays")
    admitted_on = models.DateField()
    ready_on = models.DateField(null=True)
    waits_for = models.CharField(max_length=10, default="home")
    discharged_on = models.DateField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person",), condition=Q(discharged_on__isnull=True), name="stay_lives_once"
            ),
        )
        indexes = (models.Index(fields=("council", "discharged_on"), name="stay_of_council"),)


class Handback(models.Model):
    """A provider gives a call-off back, with notice; the council is told first."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    call_off = models.ForeignKey(CallOff, on_delete=models.PROTECT, related_name="handbacks")
    last_day_on = models.DateField()
    reason = models.CharField(max_length=30)
    words = models.CharField(max_length=1000, default="")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    agreed = models.BooleanField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("call_off",), name="handback_once"),)


class Absence(models.Model):
    """
    No visits from `from_at` to before `until_at`: of all the person's packages, of one, or one `visit` alone.

    `kind` is of `domain/absences`; `by_day` where only days are known; `told_at` is the notice. One that is put right
    or taken back is superseded and kept; its `token` stays the same. The hub's record of a stay writes one of its own.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=24)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="absences")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, null=True, related_name="absences")
    visit = models.CharField(max_length=60, default="")
    kind = models.CharField(max_length=12)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    by_day = models.BooleanField(default=False)
    told_at = models.DateTimeField()
    staff_paid = models.BooleanField(default=False)
    restarts = models.BooleanField(default=False)
    words = models.CharField(max_length=500, default="")
    known_from = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "token"), condition=Q(superseded_at__isnull=True), name="absence_stands_once"
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gt=F("from_at")), name="absence_ends_after_its_start"
            ),
        )
        indexes = (models.Index(fields=("council", "token"), name="absence_by_token"),)


class TemporaryChange(models.Model):
    """
    A visit of a package is longer or shorter for a few days, within the limits of `domain/temporary`.

    `line` is the visit's part of the day and number in it, `more_minutes` what each of its workers stays longer on
    each of these days, or shorter; `net_minutes` is what that comes to in all. One taken back is superseded.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="temporary_changes")
    line = models.CharField(max_length=20)
    from_on = models.DateField()
    to_on = models.DateField()
    more_minutes = models.SmallIntegerField()
    net_minutes = models.IntegerField()
    reason = models.CharField(max_length=300)
    known_from = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "token"),
                condition=Q(superseded_at__isnull=True),
                name="temporary_change_stands_once",
            ),
            models.CheckConstraint(condition=Q(to_on__gte=F("from_on")), name="temporary_change_ends_after"),
        )
        indexes = (models.Index(fields=("council", "token"), name="temporary_change_by_token"),)


class FunderSplit(models.Model):
    """
    One funder's share of a package in basis points; those of one `from_on` that stand come to 10,000.

    A split counts from its day until the next one's. One that is put right is superseded and kept.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="funder_splits")
    funder = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    basis_points = models.PositiveSmallIntegerField()
    from_on = models.DateField()
    known_from = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "package", "from_on", "funder"),
                condition=Q(superseded_at__isnull=True),
                name="funder_split_names_each_once",
            ),
            models.CheckConstraint(
                condition=Q(basis_points__gte=1, basis_points__lte=10_000), name="funder_split_is_a_share"
            ),
            models.CheckConstraint(condition=Q(kind__in=FUNDING_KINDS), name="funder_split_kind_known"),
        )
