"""Requests, packages, invitations, offers and call-offs, as rows that the database itself keeps consistent."""

from calloff.web.brokerage.models.asking import Invitation, Message, Note, Offer
from calloff.web.brokerage.models.calling_off import CallOff, Countersignature, Override, PlacedVisit
from calloff.web.brokerage.models.living import Absence, FunderSplit, Handback, Stay, TemporaryChange
from calloff.web.brokerage.models.packages import (
    ALONE,
    GATHERS,
    IN_LOT,
    Bridge,
    BroughtIn,
    CareHomeWait,
    Package,
    PackageVersion,
    UnmetStretch,
    Waiting,
)
from calloff.web.brokerage.models.people import Person, Request, SavedForm
from calloff.web.brokerage.models.records import Decision, Fact, LastCounters, Repeat

__all__ = [
    "ALONE",
    "GATHERS",
    "IN_LOT",
    "Absence",
    "Bridge",
    "BroughtIn",
    "CallOff",
    "CareHomeWait",
    "Countersignature",
    "Decision",
    "Fact",
    "FunderSplit",
    "Handback",
    "Invitation",
    "LastCounters",
    "Message",
    "Note",
    "Offer",
    "Override",
    "Package",
    "PackageVersion",
    "Person",
    "PlacedVisit",
    "Repeat",
    "Request",
    "SavedForm",
    "Stay",
    "TemporaryChange",
    "UnmetStretch",
    "Waiting",
]
