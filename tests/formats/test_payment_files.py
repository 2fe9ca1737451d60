"""Files of payments: against the schema of ISO 20022, and BACS read again by a parser from the field table alone."""

from __future__ import annotations

import importlib.resources
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest
import xmlschema

from calloff.domain.errors import BadInputError
from calloff.formats.bacs18 import bacs18
from calloff.formats.pain001 import NAMESPACE, Account, Credit, pain001
from calloff.formats.payables import payables_text, read_payables

COUNCIL = Account("Testshire Council", "123456", "12345678")
CREDITS = (
    Credit(Account("Acorn Care & Söhne <Ltd>", "401276", "02345678"), 123_456, "SB-12-ACORN"),
    Credit(Account("B", "000099", "00000001"), 1, "SB-12-B"),
    Credit(Account("A name that is much too long for a bank to pass on", "601111", "99999999"), 99_999_999, "X" * 80),
)
AT = datetime(2026, 12, 15, 9, 30, tzinfo=UTC)


# ISO 20022


@pytest.fixture(scope="module")
def schema():
    with importlib.resources.as_file(importlib.resources.files("sepaxml") / "schemas/pain.001.001.09.xsd") as path:
        return xmlschema.XMLSchema(str(path))


def made(credits=CREDITS):
    return pain001(COUNCIL, credits, message="testshire-PAY-12", created_at=AT, on=date(2026, 12, 18))


def test_a_file_of_payments_is_valid_against_the_schema(schema):
    schema.validate(made().decode())


def test_the_schema_would_see_a_fault(schema):
    assert not schema.is_valid(made().decode().replace("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CASH</PmtMtd>"))


def test_control_sums_amounts_and_accounts_are_those_of_the_payments():
    root = ElementTree.fromstring(made())
    names = {"p": NAMESPACE}
    amounts = [one.text for one in root.findall(".//p:InstdAmt", names)]

    assert amounts == ["1234.56", "0.01", "999999.99"]
    assert {one.text for one in root.findall(".//p:CtrlSum", names)} == {"1001234.56"}
    assert {one.text for one in root.findall(".//p:NbOfTxs", names)} == {"3"}
    assert [one.text for one in root.findall(".//p:CdtrAgt//p:MmbId", names)] == ["401276", "000099", "601111"]
    assert [one.text for one in root.findall(".//p:CdtrAcct//p:Id/p:Othr/p:Id", names)][1] == "00000001"
    assert root.find(".//p:ReqdExctnDt/p:Dt", names).text == "2026-12-18"


@pytest.mark.parametrize(
    ("sort_code", "number"), [("12345", "12345678"), ("123456", "1234567"), ("12345a", "12345678")]
)
def test_an_account_of_other_digits_is_refused(sort_code, number):
    with pytest.raises(ValueError, match="six digits"):
        Account("A", sort_code, number)


@pytest.mark.parametrize("pence", [0, -1])
def test_nothing_and_less_cannot_be_paid(pence):
    with pytest.raises(ValueError, match="cannot be made"):
        Credit(CREDITS[0].to, pence, "X")
    with pytest.raises(ValueError, match="nothing to pay"):
        made(())


# BACS Standard 18: the published field tables, position by position, and a parser made of nothing else

LABELS = {
    "VOL1": (("serial", 5, 10), ("user", 42, 47), ("standard", 80, 80)),
    "HDR1": (
        ("user", 6, 11),
        ("copy", 12, 12),
        ("set", 22, 27),
        ("section", 28, 31),
        ("sequence", 32, 35),
        ("made", 42, 47),
        ("kept", 48, 53),
        ("blocks", 55, 60),
    ),
    "HDR2": (("format", 5, 5), ("block", 6, 10), ("record", 11, 15), ("offset", 51, 52)),
    "UHL1": (("processed", 5, 10), ("receiver", 11, 16), ("currency", 21, 22), ("work", 29, 37), ("file", 38, 40)),
    "EOF1": (("user", 6, 11), ("blocks", 55, 60)),
    "EOF2": (("format", 5, 5), ("record", 11, 15)),
    "UTL1": (("debits", 5, 17), ("credits", 18, 30), ("debit_count", 31, 37), ("credit_count", 38, 44)),
}
FIELDS = (
    ("to_sort", 1, 6),
    ("to_account", 7, 14),
    ("type", 15, 15),
    ("code", 16, 17),
    ("from_sort", 18, 23),
    ("from_account", 24, 31),
    ("spare", 32, 35),
    ("pence", 36, 46),
    ("from_name", 47, 64),
    ("reference", 65, 82),
    ("to_name", 83, 100),
)


def cut(line, fields):
    return {name: line[first - 1 : last] for name, first, last in fields}


def read_again(text):
    labels, records = {}, []
    for line in text.splitlines():
        if line[:4] in LABELS:
            assert len(line) == 80
            labels[line[:4]] = cut(line, LABELS[line[:4]])
        else:
            assert len(line) == 100
            records.append(cut(line, FIELDS))
    return labels, records


def submitted(credits=CREDITS, **more):
    told = {
        "service_user": "654321",
        "serial": "000012",
        "created_on": date(2026, 12, 15),
        "processed_on": date(2026, 12, 18),
    }
    return bacs18(COUNCIL, credits, **(told | more))


def test_bacs_reads_back_by_the_field_table_and_balances():
    labels, records = read_again(submitted())

    assert list(labels) == ["VOL1", "HDR1", "HDR2", "UHL1", "EOF1", "EOF2", "UTL1"]
    credits = [one for one in records if one["code"] == "99"]
    [contra] = [one for one in records if one["code"] == "17"]
    assert [int(one["pence"]) for one in credits] == [123_456, 1, 99_999_999]
    assert (credits[0]["to_sort"], credits[0]["to_account"]) == ("401276", "02345678")
    assert credits[0]["to_name"].strip() == "ACORN CARE & S HNE"
    assert {(one["from_sort"], one["from_account"]) for one in records} == {("123456", "12345678")}
    assert int(contra["pence"]) == sum(one.pence for one in CREDITS)
    assert (contra["to_sort"], contra["to_account"], contra["reference"].strip()) == ("123456", "12345678", "CONTRA")
    assert int(labels["UTL1"]["credits"]) == int(labels["UTL1"]["debits"]) == int(contra["pence"])
    assert (int(labels["UTL1"]["credit_count"]), int(labels["UTL1"]["debit_count"])) == (3, 1)


def test_bacs_labels_hold_user_serial_and_days():
    labels, _records = read_again(submitted())

    assert labels["VOL1"] == {"serial": "000012", "user": "654321", "standard": "1"}
    assert labels["HDR1"]["user"] == labels["EOF1"]["user"] == "654321"
    assert (labels["HDR1"]["copy"], labels["HDR1"]["section"], labels["HDR1"]["sequence"]) == ("S", "0001", "0001")
    assert labels["HDR1"]["made"] == " 26349"
    assert labels["UHL1"]["processed"] == " 26352"
    assert (labels["UHL1"]["receiver"], labels["UHL1"]["work"].strip()) == ("999999", "1 DAILY")
    assert labels["HDR2"] == {"format": "F", "block": "02000", "record": "00100", "offset": "00"}


def test_bacs_refuses_what_it_cannot_hold():
    with pytest.raises(ValueError, match="nothing to pay"):
        submitted(())
    with pytest.raises(ValueError, match="six digits"):
        submitted(service_user="1")
    with pytest.raises(ValueError, match="more than one submission"):
        submitted([Credit(COUNCIL, 10**11 - 1, "A"), Credit(COUNCIL, 1, "B")])


# Payables

LINES = (
    {"supplier": "ACORN", "contract": "E-1", "account": "care_cost", "amount": 12_345, "vat": "exempt"},
    {"supplier": "ACORN", "account": "brought_forward", "amount": -45},
)


def test_payables_read_back_with_their_control_record(tmp_path):
    path = tmp_path / "payables.csv"
    path.write_text(payables_text("PAY-12", LINES), encoding="utf-8")

    assert [one["amount"] for one in read_payables(path)] == [12_345, -45]


@pytest.mark.parametrize(
    "harm", [lambda text: text.rsplit("\n", 2)[0] + "\n", lambda text: text.replace("123.45", "123.46")]
)
def test_payables_that_were_cut_off_or_changed_are_refused(tmp_path, harm):
    path = tmp_path / "payables.csv"
    path.write_text(harm(payables_text("PAY-12", LINES)), encoding="utf-8")

    with pytest.raises(BadInputError, match="Ask for it again"):
        read_payables(path)
