"""What a branch is paid: its remittances, each line with its reason as a file."""

from __future__ import annotations

from django.db.models import Count, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.directory.models import Branch
from calloff.web.payments.models import PayLine, PayRun
from calloff.web.payments.views import remittance_file
from calloff.web.provider_portal.services.scope import scope
from calloff.web.provider_portal.views.page import branch_tabs, show

PAY = "portal_pay"
SHOWN = (PayRun.APPROVED, PayRun.RELEASED)


@allowed(PAY)
@require_safe
def remittances(request: SignedIn) -> HttpResponse:
    """Each approved run that pays one of these branches."""
    every, today = scope(request, PAY), local(timezone.now()).date()
    chosen = request.GET.get("branch", "")
    mine = every.narrowed(chosen)
    sums = (
        PayLine.objects.filter(entitlement__branch__in=mine.branches, run__state__in=SHOWN)
        .values("run", "entitlement__branch")
        .annotate(pence=Sum("pence"), count=Count("pk"))
        .order_by("-run__approved_at", "entitlement__branch")
    )
    runs = {one.pk: one for one in PayRun.objects.filter(pk__in=[row["run"] for row in sums]).select_related("council")}
    branches = {one.pk: one for one in Branch.objects.filter(pk__in=mine.branches)}
    rows = []
    for row in sums:
        run, branch = runs[row["run"]], branches[row["entitlement__branch"]]
        url = reverse("portal_remittance", args=(run.token, branch.token))
        rows.append(
            Row(
                [
                    Cell(run.council.name, below=branch.name if len(branches) > 1 else ""),
                    Cell(f"PAY-{run.number}"),
                    Cell(words.day(run.to_on, today)),
                    Cell(f"{row['count']:,}"),
                    Cell(words.money(row["pence"]), strong=True),
                    Cell(_("Every line (CSV)"), url=url),
                ]
            )
        )
    columns = [Column(_("Council"), names_row=True), Column(_("Run")), Column(_("Visits up to"))]
    columns += [Column(_("Lines"), number=True), Column(_("Amount"), number=True), Column(_("File"))]
    empty = _("Nothing was paid through this system yet.")
    table = Table(_("Pay"), columns, rows, empty=empty, quiet_caption=True)
    return show(request, "pay", {"table": table, "tabs": branch_tabs(every, chosen, reverse("portal_pay"))})


@allowed(PAY)
@require_safe
def remittance(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """Every line of a run for one of these branches, as a file."""
    mine = scope(request, PAY)
    found = get_object_or_404(Branch, token=branch, pk__in=mine.branches)
    run = get_object_or_404(PayRun, token=token, state__in=SHOWN)
    if not run.lines.filter(entitlement__branch=found).exists():
        raise Http404
    return remittance_file(run, found)
