"""
Payments as BACS Standard 18, single processing day: labels of 80 characters, records of 100, one line each.

The credits are followed by one contra that takes their sum from the payer's account; the last label holds both totals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from calloff.formats.pain001 import Account, Credit

CREDIT, CONTRA = "99", "17"
LABEL, RECORD = 80, 100
MOST_PENCE = 10**11 - 1
NAME = 18
_NOT_ALLOWED = re.compile(r"[^A-Z0-9.&/\- ]")


def bacs18(
    payer: Account, credits: Sequence[Credit], *, service_user: str, serial: str, created_on: date, processed_on: date
) -> str:
    """
    The submission of some payments that are processed on a day.

    `service_user` is the six digits by which BACS knows the payer, `serial` six that name the submission. ValueError
    where there is nothing to pay, or one of them is not six digits.
    """
    if not credits:
        raise ValueError("there is nothing to pay")
    if not re.fullmatch(r"\d{6}", service_user) or not re.fullmatch(r"\d{6}", serial):
        raise ValueError("the service user number and the serial number have six digits each")
    total = sum(one.pence for one in credits)
    if total > MOST_PENCE:
        raise ValueError(f"{total} pence are more than one submission can hold")
    heading = _heading(service_user, serial, created_on)
    lines = [
        _filled(f"VOL1{serial}{'':27}{'':4}{service_user}{'':4}{'':28}1", LABEL),
        _filled(f"HDR1{heading}000000", LABEL),
        _filled(f"HDR2F02000{RECORD:05d}{'':35}00", LABEL),
        _filled(f"UHL1{_day(processed_on)}999999{'':4}00{'':6}1 DAILY  001", LABEL),
        *(_credit(payer, one) for one in credits),
        _contra(payer, total),
        _filled(f"EOF1{heading}000000", LABEL),
        _filled(f"EOF2F02000{RECORD:05d}{'':35}00", LABEL),
        _filled(f"UTL1{total:013d}{total:013d}{1:07d}{len(credits):07d}", LABEL),
    ]
    return "\n".join(lines) + "\n"


def plain(text: str, longest: int = NAME) -> str:
    """A text in the characters that BACS passes on, in capitals, at most so long."""
    return _NOT_ALLOWED.sub(" ", text.upper())[:longest]


def _heading(service_user: str, serial: str, created_on: date) -> str:
    """What the first file label says at both ends: whose file, which section, made when, kept until when."""
    return f"A{service_user}S  1{service_user}{serial}00010001{'':6}{_day(created_on)}{_day(created_on)} "


def _day(on: date) -> str:
    """A day as BACS writes it: a blank, two digits of the year, the day of the year."""
    return f" {on:%y%j}"


def _credit(payer: Account, one: Credit) -> str:
    return _record(one.to, CREDIT, payer, one.pence, plain(payer.name), plain(one.reference), plain(one.to.name))


def _contra(payer: Account, pence: int) -> str:
    return _record(payer, CONTRA, payer, pence, plain(payer.name), "CONTRA", plain(payer.name))


def _record(to: Account, code: str, payer: Account, pence: int, name: str, reference: str, to_name: str) -> str:
    return _filled(
        f"{to.sort_code}{to.number}0{code}{payer.sort_code}{payer.number}{'':4}{pence:011d}"
        f"{name:<18}{reference:<18}{to_name:<18}",
        RECORD,
    )


def _filled(text: str, length: int) -> str:
    if len(text) > length:
        raise ValueError(f"a line of {len(text)} characters does not fit in {length}")
    return text.ljust(length)
