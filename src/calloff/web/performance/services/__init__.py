"""The indicators K1 to K4, K6, K7, K9 and K10 after DOMAIN 7, from rows; and the same worked out from events alone."""

from calloff.web.performance.services.indicators import (
    Answers,
    Beds,
    Bought,
    UnmetNeed,
    Waits,
    answers,
    beds_on,
    bought,
    daily_beds,
    in_days,
    unmet_need,
    waits,
)
from calloff.web.performance.services.ledger import Week, call_offs_between, ledger, stretches_on, sum_of, weeks_until
from calloff.web.performance.services.recounting import Recount, recount

__all__ = [
    "Answers",
    "Beds",
    "Bought",
    "Recount",
    "UnmetNeed",
    "Waits",
    "Week",
    "answers",
    "beds_on",
    "bought",
    "call_offs_between",
    "daily_beds",
    "in_days",
    "ledger",
    "recount",
    "stretches_on",
    "sum_of",
    "unmet_need",
    "waits",
    "weeks_until",
]
