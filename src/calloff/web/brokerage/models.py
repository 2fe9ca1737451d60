"""Requests, packages, invitations, offers and call-offs, as rows that the database itself keeps consistent."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.domain.funding import KINDS as FUNDING_KINDS
from calloff.domain.packages import PRIORITIES

ALONE, GATHERS, IN_LOT = "", "gathers", "in_lot"
"""How a package goes: asked for by itself, waiting for company, or asked for in its lot alone."""


class Person(models.Model):
    """Who needs care. Identity stands here and nowhere else; `area` is the smallest published area of the home."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=16)
    name = models.CharField(max_length=120)
    born_on = models.DateField()
    sex = models.CharField(max_length=10, default="")
    address = models.CharField(max_length=200, default="")
    postcode = models.CharField(max_length=10, default="")
    phone = models.CharField(max_length=30, default="")
    case_number = models.CharField(max_length=40, default="")
    area = models.ForeignKey("directory.Area", on_delete=models.PROTECT, related_name="people")
    died_on = models.DateField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "reference"), name="person_once"),)
        indexes = (
            models.Index(fields=("council", "name"), name="person_by_name"),
            models.Index(fields=("council", "case_number"), name="person_by_case"),
        )


class Request(models.Model):
    """
    A request for support, before approval. `form` is what was filled in, as plain JSON; a draft is kept as typed.

    The approver is another human being than who raised it. What is approved is weekly minutes and a greatest weekly
    price in pence.
    """

    DRAFT, WAITING, APPROVED, REFUSED, WITHDRAWN = "draft", "waiting", "approved", "refused", "withdrawn"
    THROWN_AWAY = "thrown"
    """A draft that was never sent and that nobody sees any more."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=16)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="requests")
    state = models.CharField(max_length=10, default=DRAFT)
    form = models.TextField(default="{}")
    from_hub = models.BooleanField(default=False)
    changes_package = models.CharField(max_length=16, default="")
    raised_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    raised_identity = models.PositiveBigIntegerField()
    raised_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    minutes_per_week = models.PositiveIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(default=5)
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    approved_minutes_per_week = models.PositiveIntegerField(null=True)
    approved_pence_per_week = models.PositiveBigIntegerField(null=True)
    reason = models.CharField(max_length=500, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "reference"), name="request_once"),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(raised_identity=F("decided_identity")),
                name="request_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(decided_identity__isnull=False, approved_minutes_per_week__isnull=False),
                name="request_approval_is_whole",
            ),
        )
        indexes = (
            models.Index(fields=("council", "state", "priority", "touched_at"), name="request_by_state"),
            models.Index(fields=("raised_by", "touched_at"), name="request_of"),
        )


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


class Decision(models.Model):
    """
    What the kernel decided, as the record that `replay` works out again; its facts stand once each in `Fact`.

    Only decisions that were carried out, or refused to somebody, are kept.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=10)
    content = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("package", "number"), name="decision_once"),)


class Fact(models.Model):
    """A value that decisions name by its hash, stored once for a council."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    hash = models.CharField(max_length=64)
    content = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "hash"), name="fact_once"),)


class LastCounters(models.Model):
    """
    The counters as the last decision under a model wrote them, so that the next one tells only what changed.

    `steps` counts the decisions since they were last written whole.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=80)
    hash = models.CharField(max_length=64)
    columns = models.TextField()
    steps = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "model"), name="last_counters_once"),)


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


class Invitation(models.Model):
    """
    The council asks one enrolment. `visits` and `holds` are the kernel's, as plain JSON; `area` is what is shown.

    `token` is its address on the web, `number` its place in the package's history. `state` follows from the answers and
    the clock; one that is `open` past its deadline is expired, whatever stands here.
    """

    OPEN, ACCEPTED, PART, DECLINED, EXPIRED, ENDED, CALLED_OFF = (
        "open",
        "accepted",
        "part",
        "declined",
        "expired",
        "ended",
        "called_off",
    )
    LIVE = (OPEN, ACCEPTED, PART)

    # No index of one column: each below begins with it, and SQLite would walk all rows of a council by the short one.
    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="invitations")
    version = models.PositiveSmallIntegerField()
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="invitations", db_index=False)
    step = models.CharField(max_length=60)
    wave = models.PositiveSmallIntegerField()
    rank = models.PositiveSmallIntegerField()
    sealed = models.BooleanField(default=False)
    visits = models.TextField()
    holds = models.TextField(default="[]")
    area_shown = models.CharField(max_length=120)
    pence_per_week = models.PositiveBigIntegerField(null=True)
    sent_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default=OPEN)
    settled_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("open", "accepted", "part", "declined", "expired", "ended", "called_off")),
                name="invitation_state_known",
            ),
            models.UniqueConstraint(
                fields=("package", "enrolment"),
                condition=Q(state__in=("open", "accepted", "part")),
                name="invitation_lives_once",
            ),
            models.CheckConstraint(
                condition=Q(deadline_at__gte=F("sent_at")), name="invitation_deadline_after_sending"
            ),
        )
        indexes = (
            models.Index(fields=("branch", "state", "deadline_at"), name="invitation_of_branch"),
            models.Index(fields=("branch", "-sent_at"), name="invitation_by_sending"),
            # Not of the living alone: SQLite does not see that a list of states given with the question is that one.
            models.Index(fields=("council", "state", "deadline_at"), name="invitation_by_state"),
            models.Index(fields=("package", "sent_at"), name="invitation_of_package"),
        )


class Offer(models.Model):
    """
    A provider's answer to an invitation; a later one before the deadline stands in its place, the earlier is kept.

    `received_at` is when the council had it, `recorded_at` the server's clock. What a broker recorded names who spoke
    and in what words; late recording names a second person.
    """

    CHANNELS = ("portal", "api", "phone", "email", "letter", "mailbox")

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="offers")
    receipt = models.CharField(max_length=16, unique=True)
    answer = models.CharField(max_length=8)
    reason = models.CharField(max_length=30, default="")
    facts = models.TextField(default="{}")
    message = models.CharField(max_length=1000, default="")
    channel = models.CharField(max_length=8)
    answered_by = models.CharField(max_length=120, default="")
    words = models.CharField(max_length=1000, default="")
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    recorded_identity = models.PositiveBigIntegerField(null=True)
    second_identity = models.PositiveBigIntegerField(null=True)
    late_reason = models.CharField(max_length=300, default="")
    disputed_at = models.DateTimeField(null=True)
    dispute = models.CharField(max_length=1000, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(answer__in=("accept", "part", "decline")), name="offer_answer_known"),
            models.CheckConstraint(condition=Q(received_at__lte=F("recorded_at")), name="offer_not_from_the_future"),
            models.CheckConstraint(
                condition=Q(second_identity__isnull=True) | ~Q(second_identity=F("recorded_identity")),
                name="offer_second_is_another",
            ),
        )
        indexes = (models.Index(fields=("invitation", "received_at"), name="offer_of_invitation"),)


class CallOff(models.Model):
    """
    Visits of a package placed with an enrolment, confirmed by a person.

    `centipence_minutes` is the weekly cost unrounded (centipence an hour times minutes), `pence_per_week` the same
    rounded once. One outside the model names its reason and a second person. One that `continues` another is what was
    left of it when some of its visits were no longer wanted: it was confirmed with that one and counts as no new one.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=16, unique=True)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="call_offs")
    version = models.PositiveSmallIntegerField()
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="call_offs")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="+")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12)
    step = models.CharField(max_length=60, default="")
    visits = models.TextField()
    takes = models.TextField(default="[]")
    minutes_per_week = models.PositiveIntegerField()
    centipence_minutes = models.PositiveBigIntegerField()
    pence_per_week = models.PositiveBigIntegerField()
    line_ids = models.CharField(max_length=300, default="")
    on_framework = models.BooleanField(default=True)
    override_reason = models.CharField(max_length=30, default="")
    outside_reason = models.CharField(max_length=30, default="")
    words = models.CharField(max_length=1000, default="")
    confirmed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_identity = models.PositiveBigIntegerField(null=True)
    second_identity = models.PositiveBigIntegerField(null=True)
    confirmed_at = models.DateTimeField()
    start_on = models.DateField(null=True)
    first_visit_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    end_reason = models.CharField(max_length=30, default="")
    delivered_by = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    continues = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="continued_by")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(second_identity__isnull=True) | ~Q(second_identity=F("confirmed_identity")),
                name="call_off_second_is_another",
            ),
            models.CheckConstraint(
                condition=Q(outside_reason="") | Q(second_identity__isnull=False), name="call_off_outside_is_seconded"
            ),
        )
        indexes = (
            models.Index(fields=("council", "confirmed_at"), name="call_off_by_moment"),
            models.Index(fields=("branch", "ended_on"), name="call_off_of_branch"),
        )


class PlacedVisit(models.Model):
    """A visit of a package version in a call-off: while it lives, no other call-off can hold it."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="placed_visits")
    version = models.PositiveSmallIntegerField()
    visit = models.PositiveSmallIntegerField()
    call_off = models.ForeignKey(CallOff, on_delete=models.PROTECT, related_name="placed_visits")
    live = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("package", "version", "visit"), condition=Q(live=True), name="visit_placed_once"
            ),
        )


class Override(models.Model):
    """One person orders another candidate, a second agrees; only then does the kernel read it."""

    WAITING, AGREED, REFUSED = "waiting", "agreed", "refused"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="overrides")
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30)
    words = models.CharField(max_length=500, default="")
    state = models.CharField(max_length=8, default=WAITING)
    ordered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    ordered_identity = models.PositiveBigIntegerField()
    ordered_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="agreed") | ~Q(ordered_identity=F("decided_identity")),
                name="override_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(decided_identity__isnull=False), name="override_agreed_by_somebody"
            ),
            models.UniqueConstraint(fields=("package",), condition=Q(state="waiting"), name="override_waits_once"),
        )


class Countersignature(models.Model):
    """
    What one person recorded and a second one, chosen by name, must sign before it counts.

    An answer that was in time and is recorded late, or a call-off made outside the model: `content` holds it as plain
    JSON. Until it is signed nothing of it is done.
    """

    LATE_ANSWER, OUTSIDE = "late_answer", "outside"
    WAITING, SIGNED, REFUSED = "waiting", "signed", "refused"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="countersignatures")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12)
    content = models.TextField()
    state = models.CharField(max_length=8, default=WAITING)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_identity = models.PositiveBigIntegerField()
    asked_at = models.DateTimeField()
    second = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="signed") | ~Q(asked_identity=F("decided_identity")),
                name="countersigned_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="signed") | Q(decided_identity__isnull=False), name="countersigned_by_somebody"
            ),
            models.UniqueConstraint(
                fields=("package",), condition=Q(state="waiting"), name="countersignature_waits_once"
            ),
        )


class Message(models.Model):
    """Words between the council and one branch about a package; no identity before the call-off."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="messages")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    from_council = models.BooleanField()
    text = models.CharField(max_length=2000)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("package", "at"), name="message_of_package"),
            models.Index(fields=("branch", "read_at"), name="message_of_branch"),
        )


class Note(models.Model):
    """A contact note of the council's own, with when to look again; it is no answer of anybody."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="notes")
    text = models.CharField(max_length=2000)
    next_action_at = models.DateTimeField(null=True)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("package", "at"), name="note_of_package"),)


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


class CareHomeWait(models.Model):
    """How many people in hospital wait for a care home on a day, typed by the hub."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    people = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "on"), name="care_home_wait_once_a_day"),)


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


class SavedForm(models.Model):
    """What somebody was typing into a form, kept every few seconds, so that nothing typed is lost."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=40)
    about = models.CharField(max_length=40, default="")
    fields = models.TextField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "form", "about"), name="saved_form_once"),)


class Repeat(models.Model):
    """A command that was carried out under a key: the same key brings the same answer and no second effect."""

    user = models.PositiveBigIntegerField()
    key = models.CharField(max_length=80)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="repeat_once"),)


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
