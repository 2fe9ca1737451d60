"""Words between the council and a branch about a package."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from calloff.domain.calendar import local
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
        about, link = _where(package, branch)
        for user in holders("portal_messages", branch_id=branch.pk, on=doing.at.date()):
            jobs.tell(
                user,
                "message",
                about,
                council=package.council_id,
                key=f"message-{message.pk}",
                at=doing.at,
                package=package.reference,
                link=link,
            )
        doing.record("message_sent", package.reference, {"message": message.pk, "branch": branch.reference})
    return message


def write_to_council(*, package: Package, branch: Branch, text: str, by: User, at: datetime) -> Message:
    """
    A branch writes to the council; the package's owner is told, or everybody of the duty team.

    Raises IdentityInTextError, with the words, where the text may name a person before the call-off.
    """
    if not text.strip():
        raise RefusedError(_("Write something. Nothing was sent."))
    if not knows_the_person(package, branch):
        refuse_identity(text, package, knows_person=False)
    with act(council=package.council_id, by=by, at=at) as doing:
        again = Package.objects.select_related("owner").get(pk=package.pk)
        message = Message.objects.create(
            council_id=package.council_id,
            package=again,
            branch=branch,
            from_council=False,
            text=text,
            by=by,
            at=doing.at,
        )
        team = holders("work_package", council_id=package.council_id, on=local(doing.at).date())
        for user in [again.owner] if again.owner else team:
            jobs.tell(
                user,
                "message",
                package.reference,
                council=package.council_id,
                key=f"message-{message.pk}",
                at=doing.at,
                package=package.reference,
                link=f"/packages/{package.token}",
            )
        doing.record("message_received", package.reference, {"message": message.pk, "branch": branch.reference})
    return message


def mark_read(*, package: Package, branch: Branch, by: User, at: datetime) -> None:
    """Somebody of the branch has read what the council wrote about a package."""
    unread = Message.objects.filter(package=package, branch=branch, from_council=True, read_at__isnull=True)
    with act(council=package.council_id, by=by, at=at) as doing:
        if unread.update(read_at=doing.at):
            doing.record("messages_read", package.reference, {"branch": branch.reference})
        else:
            doing.nothing()


def _where(package: Package, branch: Branch) -> tuple[str, str]:
    """Under which name, and where, the branch reads about the package: its call-off, else its latest invitation."""
    call_off = CallOff.objects.filter(package=package, branch=branch).order_by("-pk").first()
    if call_off is not None:
        return package.reference, f"/provider/packages/{call_off.token}"
    invitation = Invitation.objects.filter(package=package, branch=branch).order_by("-pk").first()
    # The council's own reference is not told before a call-off.
    return (invitation.area_shown, f"/provider/invitations/{invitation.token}") if invitation else ("", "/provider")
