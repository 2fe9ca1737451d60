"""What is looked at before a run is approved (DOMAIN 4.6): whatever is found is told, and somebody decides."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from calloff.domain.visits import Mark
from calloff.web.payments.models import PayLine, PayRun


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, in a sentence, and whether somebody should look."""

    says: str
    is_well: bool


def checks_of(run: PayRun) -> list[Check]:
    """Every check of a run, those first that need somebody."""
    lines = run.lines.all()
    queried = _marked(lines, Mark.QUERY)
    fewer = _marked(lines, Mark.FEWER_WORKERS)
    elsewhere = _marked(lines, Mark.ELSEWHERE)
    dead = lines.filter(entitlement__reason="death", pence__gt=0).count()
    taken_back = lines.filter(entitlement__reason="death", pence__lt=0).count()
    unpriced = lines.filter(entitlement__reason="delivered", entitlement__centipence=0).count()
    negative = [row for row in lines.values("entitlement__branch").annotate(pence=Sum("pence")) if row["pence"] < 0]
    found = [
        Check(_("%(count)d visits are paid after a death.") % {"count": dead}, not dead),
        Check(
            _("%(count)d visits after a death were paid; they are taken back.") % {"count": taken_back}, not taken_back
        ),
        Check(_("%(count)d delivered visits have no price.") % {"count": unpriced}, not unpriced),
        Check(_("%(count)d visits are paid as planned though little was delivered.") % {"count": queried}, not queried),
        Check(_("%(count)d visits were made by one worker of two.") % {"count": fewer}, not fewer),
        Check(
            _("%(count)d visits have a worker who was logged in another home at the same time.") % {"count": elsewhere},
            not elsewhere,
        ),
        Check(_("%(count)d providers would be paid less than nothing.") % {"count": len(negative)}, not negative),
    ]
    return sorted(found, key=lambda check: check.is_well)


def _marked(lines: QuerySet[PayLine], mark: Mark) -> int:
    """How many visits of a run bear a mark."""
    bits = F("entitlement__marks").bitand(int(mark))
    return lines.annotate(has=bits).filter(has__gt=0).count()
