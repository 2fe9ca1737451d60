"""The indicators K1 to K7, K9 and K10 after DOMAIN 7, from rows; and the same worked out from events alone."""

from calloff.web.performance.services.indicators import (
    Beds,
    Bought,
    UnmetNeed,
    beds_on,
    bought,
    daily_beds,
    in_days,
    unmet_need,
)
from calloff.web.performance.services.ledger import Week, call_offs_between, ledger, stretches_on, sum_of, weeks_until
from calloff.web.performance.services.recounting import Recount, recount
from calloff.web.performance.services.replies import Answers, answers, answers_of, asked_between
from calloff.web.performance.services.waiting import Waits, courses, waits, waits_in, waits_of
from calloff.web.performance.services.weekly import (
    Counted,
    bridges_on_day,
    counted,
    permanent,
    placements,
    stays_on,
    typed_on,
)

__all__ = [
    "Answers",
    "Beds",
    "Bought",
    "Counted",
    "Recount",
    "UnmetNeed",
    "Waits",
    "Week",
    "answers",
    "answers_of",
    "asked_between",
    "beds_on",
    "bought",
    "bridges_on_day",
    "call_offs_between",
    "counted",
    "courses",
    "daily_beds",
    "in_days",
    "ledger",
    "permanent",
    "placements",
    "recount",
    "stays_on",
    "stretches_on",
    "sum_of",
    "typed_on",
    "unmet_need",
    "waits",
    "waits_in",
    "waits_of",
    "weeks_until",
]
