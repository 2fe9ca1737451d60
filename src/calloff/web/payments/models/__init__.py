"""Payment rules as published, what each visit is worth in numbered versions, pay runs and the ledger."""

from calloff.web.payments.models.charges import Assessment, Charge, ChargeLine, ChargeRule
from calloff.web.payments.models.deviations import AlertLimit, Arrival, Deviation, DeviationWord
from calloff.web.payments.models.ledger import ACCOUNTS, Posting, Seal
from calloff.web.payments.models.periods import BlockYear, Outcome, Reconciliation, Retro
from calloff.web.payments.models.proposing import BankDetail, RuleProposal, Shadow, Uplift, UpliftLine
from calloff.web.payments.models.runs import FunderLine, Hold, HoldWord, PayLine, Payment, PayRun
from calloff.web.payments.models.settling import Advance, Recovery
from calloff.web.payments.models.worth import Entitlement, LedgerCode, PayTerms, RuleVersion

__all__ = [
    "ACCOUNTS",
    "Advance",
    "AlertLimit",
    "Arrival",
    "Assessment",
    "BankDetail",
    "BlockYear",
    "Charge",
    "ChargeLine",
    "ChargeRule",
    "Deviation",
    "DeviationWord",
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
    "RuleProposal",
    "RuleVersion",
    "Seal",
    "Shadow",
    "Uplift",
    "UpliftLine",
]
