"""What is to be bought: packages in their versions, those that wait or were brought in, and need that nobody meets."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.domain.packages import PRIORITIES
from calloff.web.brokerage.models.people import Person, Request

ALONE, GATHERS, IN_LOT = "", "gathers", "in_lot"
"""How a package goes: asked for by itself, waiting for company, or asked for in its lot alone."""


class Package(models.Model):
    """
    One person's agreed visits, on their way to a provider; or a lot, the sum of several people's, which has no person.

    A package may go with others: while it `gathers` it waits for company, `in_lot` it is asked for in its `lot` alone.
    `version` numbers the current agreement. What stands from `state` on follows from the events and is written with
    them, so that lists need not run the kernel: `next_action` is a code, due at `next_action_at`; `owner` empty is the
    duty team, who give it an owner until `assign_by`. `price_ceiling_pence` is the greatest weekly price approved.
    """

    SOURCING, CALLED_OFF, STARTED, ENDED, WITHDRAWN = "sourcing", "called_off", "started", "ended", "withdrawn"
    STATES = (SOURCING, CALLED_OFF, STARTED, ENDED, WITHDRAWN)
    OVER = (ENDED, WITHDRAWN)
    """Nobody is sought or gives care any more."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=16)
    token = models.CharField(max_length=16, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="packages")
    lot = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="members")
    is_lot = models.BooleanField(default=False)
    with_others = models.CharField(max_length=8, default=ALONE)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, null=True, related_name="+")
    model_version = models.ForeignKey("contracts.ModelVersion", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)
    locality = models.ForeignKey("directory.Locality", on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey("directory.Area", on_delete=models.PROTECT, related_name="+")
    priority = models.PositiveSmallIntegerField()
    approved_at = models.DateTimeField()
    required_start_on = models.DateField()
    price_ceiling_pence = models.PositiveBigIntegerField(null=True)
    imported = models.BooleanField(default=False)
    in_hospital = models.BooleanField(default=False)
    clinically_ready_on = models.DateField(null=True)
    waits_for = models.CharField(max_length=10, default="home")

    state = models.CharField(max_length=12, default=SOURCING)
    minutes_per_week = models.PositiveIntegerField()
    minutes_to_place = models.PositiveIntegerField()
    minutes_started = models.PositiveIntegerField(default=0)
    two_workers = models.BooleanField(default=False)
    step = models.CharField(max_length=60, default="")
    step_started = models.BooleanField(default=False)
    asked = models.PositiveSmallIntegerField(default=0)
    answered = models.PositiveSmallIntegerField(default=0)
    next_action = models.CharField(max_length=30, default="start_step")
    next_action_at = models.DateTimeField()
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    assign_by = models.DateTimeField(null=True)
    on_hold = models.CharField(max_length=30, default="")
    waits_for_minutes = models.BooleanField(default=False)
    changed_at = models.DateTimeField()
    ended_on = models.DateField(null=True)
    end_reason = models.CharField(max_length=30, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "reference"), name="package_once"),
            models.CheckConstraint(
                condition=Q(state__in=("sourcing", "called_off", "started", "ended", "withdrawn")),
                name="package_state_known",
            ),
            models.CheckConstraint(condition=Q(priority__in=PRIORITIES), name="package_priority_known"),
            models.CheckConstraint(
                condition=Q(is_lot=False, person__isnull=False) | Q(is_lot=True, person__isnull=True, lot__isnull=True),
                name="package_is_of_a_person_or_a_lot",
            ),
            models.CheckConstraint(
                condition=Q(with_others__in=("", "gathers")) | Q(with_others="in_lot", lot__isnull=False),
                name="package_in_a_lot_names_it",
            ),
            models.CheckConstraint(
                condition=Q(minutes_to_place__lte=F("minutes_per_week")), name="package_places_no_more_than_it_has"
            ),
        )
        indexes = (
            models.Index(fields=("council", "next_action", "next_action_at", "reference"), name="package_to_do"),
            models.Index(fields=("council", "owner", "state", "next_action_at"), name="package_of_owner"),
            models.Index(
                fields=("council", "priority", "required_start_on", "approved_at"),
                condition=Q(waits_for_minutes=True),
                name="package_waits_for_minutes",
            ),
        )

    @property
    def is_over(self) -> bool:
        """Whether nobody is sought or gives care for it any more."""
        return self.state in self.OVER

    @property
    def cared_for(self) -> Person:
        """The person whose package it is; ValueError for a lot, which is several people's."""
        if self.person is None:
            raise ValueError(f"{self.reference} is a lot, and no one person's")
        return self.person


class PackageVersion(models.Model):
    """
    What was agreed: the kernel's package as plain JSON, from a moment on until the next version.

    `counts_from_on` is the past day from which a change counts that was asked for with hindsight.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    facts = models.TextField()
    minutes_per_week = models.PositiveIntegerField()
    from_at = models.DateTimeField()
    reason = models.CharField(max_length=300, default="")
    counts_from_on = models.DateField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("package", "number"), name="package_version_once"),)


class Waiting(models.Model):
    """
    A package waits for minutes of an enrolment: `wants` is how many each of its pools must have to spare, by number.

    That is more than it had when the package was passed over, and enough for some of its visits.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="waits")
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    wants = models.TextField(default="{}")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("package", "enrolment"), name="waiting_once"),)
        indexes = (models.Index(fields=("enrolment", "package"), name="waiting_for"),)


class UnmetStretch(models.Model):
    """
    Minutes a week that a package lacked from a day on, up to but without `until`: what the ledger of unmet need sums.

    It follows from versions, call-offs and pauses and is written with them; `whole` when nothing has started. The
    person stands here as well, so that people are counted without reading packages.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="unmet")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    locality = models.ForeignKey("directory.Locality", on_delete=models.PROTECT, related_name="+")
    minutes = models.PositiveIntegerField()
    whole = models.BooleanField()
    from_on = models.DateField()
    until = models.DateField()

    class Meta:
        indexes = (models.Index(fields=("council", "until", "from_on"), name="unmet_by_day"),)


class Bridge(models.Model):
    """Care that stands in until the package starts; its hours still count as unmet, and are shown apart."""

    KINDS = ("reablement", "in_house", "residential")

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="bridges")
    kind = models.CharField(max_length=12)
    from_on = models.DateField()
    to_on = models.DateField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")), name="bridge_ends_after"
            ),
        )


class CareHomeWait(models.Model):
    """How many people in hospital wait for a care home on a day, typed by the hub."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    people = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "on"), name="care_home_wait_once_a_day"),)


class BroughtIn(models.Model):
    """
    A package that came in from a file, known by what the file calls it: the same row never comes in twice.

    `row_hash` is that of all the row said, so that a file that says something else later is noticed.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.OneToOneField(Package, on_delete=models.PROTECT, related_name="brought_in")
    draft = models.ForeignKey("contracts.Draft", on_delete=models.PROTECT, related_name="+")
    case_number = models.CharField(max_length=40)
    reference = models.CharField(max_length=40)
    row_hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "case_number", "reference"), name="brought_in_once"),)
