"""
Payments as ISO 20022 pain.001.001.09, for councils whose bank pays providers directly.

In pounds, by sort code (GBDSC) and account number. The file states how many payments it holds and what they come to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from xml.etree import ElementTree as Tree

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
LONGEST_ID, LONGEST_NAME, LONGEST_REFERENCE = 35, 70, 140
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


@dataclass(frozen=True)
class Account:
    """Whose money goes or comes: the name of the account, its sort code and number, digits only."""

    name: str
    sort_code: str
    number: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d{6}", self.sort_code) or not re.fullmatch(r"\d{8}", self.number):
            raise ValueError("a sort code has six digits and an account number eight")


@dataclass(frozen=True)
class Credit:
    """One payment: to whom, how much in pence, and the reference that both sides read."""

    to: Account
    pence: int
    reference: str

    def __post_init__(self) -> None:
        if self.pence <= 0:
            raise ValueError(f"a payment of {self.pence} pence cannot be made")


def pain001(payer: Account, credits: Sequence[Credit], *, message: str, created_at: datetime, on: date) -> bytes:
    """The file of some payments that are to be made on a day; ValueError where there is none."""
    if not credits:
        raise ValueError("there is nothing to pay")
    document = Tree.Element("Document", xmlns=NAMESPACE)
    root = Tree.SubElement(document, "CstmrCdtTrfInitn")
    header = Tree.SubElement(root, "GrpHdr")
    _text(header, "MsgId", message[:LONGEST_ID])
    _text(header, "CreDtTm", created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _totals(header, credits)
    _text(Tree.SubElement(header, "InitgPty"), "Nm", plain(payer.name, LONGEST_NAME))
    payment = Tree.SubElement(root, "PmtInf")
    _text(payment, "PmtInfId", message[:LONGEST_ID])
    _text(payment, "PmtMtd", "TRF")
    _totals(payment, credits)
    _text(Tree.SubElement(payment, "ReqdExctnDt"), "Dt", on.isoformat())
    _text(Tree.SubElement(payment, "Dbtr"), "Nm", plain(payer.name, LONGEST_NAME))
    _account(payment, "DbtrAcct", payer)
    _agent(payment, "DbtrAgt", payer)
    for one in credits:
        _credit(payment, one)
    return bytes(Tree.tostring(document, encoding="utf-8", xml_declaration=True))


def plain(text: str, longest: int) -> str:
    """A text in the characters that banks pass on, at most so long, never empty."""
    return (_NOT_ALLOWED.sub(" ", text).strip() or "-")[:longest]


def pounds_text(pence: int) -> str:
    """Pence as pounds with two decimals and no separator: 123456 is 1234.56."""
    return f"{pence // 100}.{pence % 100:02d}"


def _totals(parent: Tree.Element, credits: Sequence[Credit]) -> None:
    _text(parent, "NbOfTxs", str(len(credits)))
    _text(parent, "CtrlSum", pounds_text(sum(one.pence for one in credits)))


def _credit(parent: Tree.Element, one: Credit) -> None:
    part = Tree.SubElement(parent, "CdtTrfTxInf")
    _text(Tree.SubElement(part, "PmtId"), "EndToEndId", plain(one.reference, LONGEST_ID))
    amount = Tree.SubElement(Tree.SubElement(part, "Amt"), "InstdAmt", Ccy="GBP")
    amount.text = pounds_text(one.pence)
    _agent(part, "CdtrAgt", one.to)
    _text(Tree.SubElement(part, "Cdtr"), "Nm", plain(one.to.name, LONGEST_NAME))
    _account(part, "CdtrAcct", one.to)
    _text(Tree.SubElement(part, "RmtInf"), "Ustrd", plain(one.reference, LONGEST_REFERENCE))


def _account(parent: Tree.Element, name: str, account: Account) -> None:
    _text(Tree.SubElement(Tree.SubElement(Tree.SubElement(parent, name), "Id"), "Othr"), "Id", account.number)


def _agent(parent: Tree.Element, name: str, account: Account) -> None:
    member = Tree.SubElement(Tree.SubElement(Tree.SubElement(parent, name), "FinInstnId"), "ClrSysMmbId")
    _text(Tree.SubElement(member, "ClrSysId"), "Cd", "GBDSC")
    _text(member, "MmbId", account.sort_code)


def _text(parent: Tree.Element, name: str, text: str) -> None:
    Tree.SubElement(parent, name).text = text
