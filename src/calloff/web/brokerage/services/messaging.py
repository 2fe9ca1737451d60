"""Words between the council and a branch about a package."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.brokerage.models import CallOff, Invitation, Message, Package
from calloff.web.brokerage.services.identity import refuse_identity
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.directory.models import Branch
from calloff.web.jobs import services as jobs


def branches_spoken_to(package: Package) -> list[Branch]:
    """The branches that the council may write to about a package: those that were asked or deliver it, by name."""
    known = Q(invitations__package=package) | Q(call_offs__package=package)
    return list(Branch.objects.filter(known).distinct().order_by("name"))


def knows_the_person(package: Package, branch: Branch) -> bool:
    """Whether a call-off has told a branch who the person is."""
    return CallOff.objects.filter(package=package, branch=branch, ended_on__isnull=True).exists()


def write_to_branch(*, package: Package, branch: Branch, text: str, by: User, at: datetime) -> Message:
    """
    The council writes to a branch; everybody there who reads messages is told.

    Raises IdentityInTextError, with the words, where the text may name the person before the call-off.
    """
    if not text.strip():
        raise RefusedError("Write something. Nothing was sent.")
    if not knows_the_person(package, branch):
        refuse_identity(text, package, knows_person=True)
    with act(council=package.council_id, by=by, at=at) as doing:
        if branch.pk not in {one.pk for one in branches_spoken_to(package)}:
            raise RefusedError("This provider was not asked about the package. Nothing was sent.")
        message = Message.objects.create(
            council_id=package.council_id,
            package=package,
            branch=branch,
            from_council=True,
            text=text,
            by=by,
            at=doing.at,
        )
        for user in holders("portal_messages", branch_id=branch.pk, on=doing.at.date()):
            jobs.tell(
                user,
                "message",
                package.reference,
                council=package.council_id,
                key=f"message-{message.pk}",
                at=doing.at,
                package=package.reference,
                link=_where(package, branch),
            )
        doing.record("message_sent", package.reference, {"message": message.pk, "branch": branch.reference})
    return message


def _where(package: Package, branch: Branch) -> str:
    """Where the branch reads about the package: its call-off, else its latest invitation."""
    call_off = CallOff.objects.filter(package=package, branch=branch).order_by("-pk").first()
    if call_off is not None:
        return f"/provider/packages/{call_off.token}"
    invitation = Invitation.objects.filter(package=package, branch=branch).order_by("-pk").first()
    return f"/provider/invitations/{invitation.token}" if invitation else "/provider"
