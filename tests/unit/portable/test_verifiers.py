"""Verifiers: what a server keeps of a password equals the password, and nothing else."""

from __future__ import annotations

import json

import pytest

from envwright.portable import readers
from envwright.portable.verifiers import Verifier, why_unfit

# The example of RFC 7677 has these keys for `pencil`; PostgreSQL writes them so.
SCRAM = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
# SELECT PASSWORD('pencil') of MariaDB.
NATIVE = "*7614BE58636C810A9D8970A50B3B2A78450413E4"


def seen(verifier: str) -> object:
    """What the reader of the witness makes of it."""
    return readers.lets_in(json.dumps({"role": {"app": verifier}}), "role/app")


@pytest.mark.parametrize("text", [SCRAM, NATIVE])
def test_a_verifier_equals_its_password_alone(text: str) -> None:
    kept = Verifier(text)
    assert [kept == word for word in ("pencil", "pencil ", "Pencil", "")] == [True, *[False] * 3]
    assert [seen(text) == word for word in ("pencil", "pen")] == [True, False]


@pytest.mark.parametrize("text", ["", "None", "md5" + "0" * 32, "SCRAM-SHA-256$x", "*12", "pencil"])
def test_anything_else_equals_no_password(text: str) -> None:
    assert [Verifier(text) == word for word in ("pencil", text)] == [False, False]
    assert [seen(text) == word for word in ("pencil", text)] == [False, False]


def test_a_verifier_is_not_shown() -> None:
    assert repr(Verifier(SCRAM)) == "Verifier(...)"


def test_a_password_that_clients_send_in_different_ways_is_refused() -> None:
    told = "a password must be of letters, digits and signs of ASCII, on one line"
    assert [why_unfit(word) for word in ("a'b\\c:$ ~", "pä", "a\nb")] == ["", told, told]
