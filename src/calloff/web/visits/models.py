"""Planned visits as known from a moment on, and the rows in which providers say what they delivered."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.domain.visits import Stopped
from calloff.formats.delivered_visits import ADD


class PlanningStart(models.Model):
    """From which day on a council's visits are planned and paid here; before it they were elsewhere."""

    council = models.OneToOneField("directory.Council", on_delete=models.PROTECT, related_name="+")
    on = models.DateField()


class PlannedVisit(models.Model):
    """
    One dated visit as it was known from `known_from` until it was `superseded_at`; nothing is ever overwritten.

    `reference` is its identity, the same in every version of the package: line, local day and its number on that day.
    A row that is `cancelled` says that the visit is no more. `stopped` is why it was not to be made, of `Stopped`,
    whatever a payment rule says; from what stands beside it follows what it is paid under one (`domain/absences`):
    the kind of absence, when it was told, its day, and whether staff are paid and the restart is at once. One that was
    `unplanned` is a visit that somebody approved after it was made: no plan takes it away.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=60)
    package = models.ForeignKey("brokerage.Package", on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    call_off = models.ForeignKey("brokerage.CallOff", on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    on = models.DateField()
    start_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    window_from_at = models.DateTimeField()
    window_to_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    workers = models.PositiveSmallIntegerField()
    critical = models.BooleanField(default=False)
    extra_minutes = models.PositiveIntegerField(default=0)
    stopped = models.PositiveSmallIntegerField(default=int(Stopped.NO))
    stopped_by = models.CharField(max_length=12, default="")
    stop_told_at = models.DateTimeField(null=True)
    stop_day = models.PositiveIntegerField(default=0)
    staff_paid = models.BooleanField(default=False)
    restarts = models.BooleanField(default=False)
    cancelled = models.BooleanField(default=False)
    unplanned = models.BooleanField(default=False)
    known_from = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "reference"),
                condition=Q(superseded_at__isnull=True),
                name="planned_visit_stands_once",
            ),
            models.UniqueConstraint(fields=("council", "reference", "known_from"), name="planned_visit_known_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("start_at")), name="planned_visit_ends_after_its_start"),
            models.CheckConstraint(
                condition=Q(superseded_at__isnull=True) | Q(superseded_at__gte=F("known_from")),
                name="planned_visit_superseded_after",
            ),
        )
        indexes = (
            models.Index(fields=("council", "package", "on"), name="planned_visit_of_package"),
            models.Index(fields=("council", "person", "start_at"), name="planned_visit_of_person"),
            models.Index(fields=("council", "branch", "on"), name="planned_visit_of_branch"),
        )


class VisitFile(models.Model):
    """
    A file that a provider sent, with its receipt; a refused one leaves no row behind, but says what was wrong.

    Its `mode` is `add`, where what it leaves out stays as it was, or `replace`, where that is withdrawn.
    `reference` is the file's own name of itself, where it has one; `not_read` are columns that mean nothing here, one
    a line.
    """

    ACCEPTED, REFUSED = "accepted", "refused"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    receipt = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=120)
    hash = models.CharField(max_length=64)
    mode = models.CharField(max_length=8, default=ADD)
    reference = models.CharField(max_length=60, default="")
    not_read = models.TextField(default="")
    state = models.CharField(max_length=8)
    rows = models.PositiveIntegerField(default=0)
    new_rows = models.PositiveIntegerField(default=0)
    known_rows = models.PositiveIntegerField(default=0)
    parked_rows = models.PositiveIntegerField(default=0)
    minutes = models.PositiveIntegerField(default=0)
    problems = models.TextField(default="[]")
    sent_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("council", "branch", "-sent_at"), name="visit_file_of_branch"),)


class VisitRow(models.Model):
    """
    One version of one row of a provider's files: a care worker's stretch in a home, or that there was none.

    `key` is what the row is known by, `version` when the provider last changed it. `enrolment` and `who` are
    empty where nobody knows the contract or the person: then `parked` says why, and somebody looks at it.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    file = models.ForeignKey(VisitFile, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    version = models.DateTimeField()
    content = models.CharField(max_length=64)
    row = models.CharField(max_length=60, default="")
    contract = models.CharField(max_length=60)
    person = models.CharField(max_length=60)
    worker = models.CharField(max_length=60)
    came_at = models.DateTimeField()
    came_other = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    left_other = models.DateTimeField(null=True)
    visit = models.CharField(max_length=60, default="")
    met = models.CharField(max_length=12)
    came_by = models.CharField(max_length=10)
    left_by = models.CharField(max_length=10)
    code = models.CharField(max_length=40, default="")
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    who = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    parked = models.CharField(max_length=20, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "branch", "key", "version"), name="visit_row_version_once"),
        )
        indexes = (
            models.Index(fields=("council", "who", "came_at"), name="visit_row_of_person"),
            models.Index(fields=("council", "branch", "came_at"), name="visit_row_of_branch"),
            models.Index(fields=("council", "branch", "worker", "came_at"), name="visit_row_of_worker"),
        )


class WholeWeek(models.Model):
    """
    All that a contract's week held as a provider said at a moment: rows of it that are not among the keys and were not
    changed later are withdrawn. `keys` are the rows' keys, hashed, one a line.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    contract = models.CharField(max_length=60)
    week = models.DateField()
    version = models.DateTimeField()
    keys = models.TextField()
    file = models.ForeignKey(VisitFile, on_delete=models.PROTECT, related_name="weeks")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "branch", "contract", "week", "version"), name="whole_week_version_once"
            ),
        )


class SentTable(models.Model):
    """A table whose columns its sender is about to name; it goes once it is taken, or after a day."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=120)
    data = models.BinaryField()
    sent_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()


class NamedColumns(models.Model):
    """How the columns of a branch's own tables are called, as somebody of it said last; `text` is the mapping."""

    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    hash = models.CharField(max_length=64)
    named_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("branch", "hash"), name="named_columns_once"),)


class LooseRow(models.Model):
    """
    A row that belongs to no visit by itself: somebody looks at it, and says what it is.

    `is_a` is what settlement made of it, of `LogIs`, `why` the grounds where nobody knows the person or the contract,
    `suggested` the planned visit that is nearest. Closed, its `outcome` stands for the row in every version: it belongs
    to `visit`, it was approved as a `visit` of its own, or it is set aside; `settled` where a later file put it right.
    """

    OPEN, CLOSED = "open", "closed"
    PAIRED, APPROVED, SET_ASIDE, SETTLED = OUTCOMES = ("paired", "approved", "set_aside", "settled")
    STAND = (PAIRED, APPROVED, SET_ASIDE)

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=16, unique=True)
    key = models.CharField(max_length=200)
    row = models.ForeignKey(VisitRow, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, null=True, related_name="+")
    is_a = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=20, default="")
    suggested = models.CharField(max_length=60, default="")
    state = models.CharField(max_length=6, default=OPEN)
    outcome = models.CharField(max_length=10, default="")
    visit = models.CharField(max_length=60, default="")
    minutes = models.PositiveIntegerField(default=0)
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    closed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "branch", "key"), name="loose_row_once"),
            models.CheckConstraint(
                condition=Q(state="open", outcome="") | Q(state="closed") & ~Q(outcome=""),
                name="loose_row_closed_with_an_outcome",
            ),
        )
        indexes = (
            models.Index(fields=("council", "state", "opened_at"), name="loose_row_to_look_at"),
            models.Index(fields=("council", "person", "state"), name="loose_row_of_person"),
        )


class LooseWord(models.Model):
    """Something that provider or council wrote about a loose row."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    loose = models.ForeignKey(LooseRow, on_delete=models.PROTECT, related_name="words")
    text = models.CharField(max_length=1000)
    from_provider = models.BooleanField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class ExceptionCode(models.Model):
    """
    A version of a code of the council's own list: what it says, and what it may stand beside.

    The last version counts. A code is never taken away, since rows hold it: archived, nobody chooses it any more, and
    what it said then can still be read. Nobody is `by` what the list began with. `explains` are words, a space between.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    words = models.CharField(max_length=120)
    explains = models.CharField(max_length=60)
    archived = models.BooleanField(default=False)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "code", "number"), name="exception_code_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="exception_code_numbered_from_one"),
        )
