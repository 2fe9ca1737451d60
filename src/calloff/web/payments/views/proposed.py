"""How what one person proposed and another decides is told: how far it is, and for which purchasing model."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calloff.web.payments.models import Uplift

STATES = {
    Uplift.PROPOSED: (gettext_lazy("proposed"), "yellow"),
    Uplift.APPROVED: (gettext_lazy("approved"), "green"),
    Uplift.REFUSED: (gettext_lazy("refused"), "grey"),
    Uplift.UNDONE: (gettext_lazy("undone"), "grey"),
}


def whose(model: str) -> str:
    """The purchasing model for which it is, or every one."""
    return _("every model") if model == "*" else model
