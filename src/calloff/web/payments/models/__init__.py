"""Payment rules as published, what each visit is worth in numbered versions, pay runs and the ledger."""

from calloff.web.payments.models.ledger import ACCOUNTS, Posting, Seal
from calloff.web.payments.models.periods import BlockYear, Outcome, Reconciliation, Retro
from calloff.web.payments.models.runs import FunderLine, Hold, HoldWord, PayLine, Payment, PayRun
from calloff.web.payments.models.settling import Advance, Recovery
from calloff.web.payments.models.worth import Entitlement, LedgerCode, PayTerms, RuleVersion

__all__ = [
    "ACCOUNTS",
    "Advance",
    "BlockYear",
    "Entitlement",
    "FunderLine",
    "Hold",
    "HoldWord",
    "LedgerCode",
    "Outcome",
    "PayLine",
    "PayRun",
    "PayTerms",
    "Payment",
    "Posting",
    "Reconciliation",
    "Recovery",
    "Retro",
    "RuleVersion",
    "Seal",
]
