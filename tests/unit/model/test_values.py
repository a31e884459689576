"""Values that sections share: what each takes, and what a person is told of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from envwright.model import values
from envwright.model.capability import Settings
from envwright.model.values import exactly_one

if TYPE_CHECKING:
    from pathlib import Path


def taken(kind: Any, text: str) -> str | None:
    """Return what a kind of value makes of a text; None where it refuses it."""
    try:
        return str(TypeAdapter(kind).validate_python(text))
    except ValidationError:
        return None


FINGERPRINT = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (values.OneLine, ["", "a b\tc"], ["a\nb", "a\rb", "a\0b"]),
        (values.Url, ["https://x.test/a/", "http://x"], ["ftp://x", "https://a b", "x"]),
        (values.BaseUrl, ["https://x.test/a"], ["https://x.test/a/", "file:///a"]),
        (values.AccountName, ["dev", "_apt", "a-1", "Jane.Doe"], ["1a", "-a", "a" * 33, ""]),
        (values.Mode, ["0644", "4755"], ["644", "0888", "rw"]),
        (values.VariableName, ["A", "_x1"], ["1A", "A-B", ""]),
        (values.AbsolutePath, ["/", "/a/b c"], ["a", "/a/", "/a//b", "/a/../b", "/a\n"]),
        (values.Sha256, ["a" * 64], ["A" * 64, "a" * 63]),
        (values.Fingerprint, [FINGERPRINT, "A" * 64], ["ABC", "G" * 40]),
    ],
)
def test_a_kind_takes_what_it_says_and_nothing_else(
    kind: Any, good: list[str], bad: list[str]
) -> None:
    assert [taken(kind, text) for text in good] == good
    assert [taken(kind, text) for text in bad] == [None] * len(bad)


def test_a_fingerprint_can_be_written_as_publishers_print_it() -> None:
    printed = "9dc8 5822 9fc7 dd38 854a  e2d8 8d81 803c 0ebf cd88"
    assert taken(values.Fingerprint, printed) == FINGERPRINT


class Choice(Settings):
    """Three fields of which one is to be given."""

    text: str | None = None
    parts: list[str] | None = None
    absent: bool = False


@pytest.mark.parametrize("given", [{"text": ""}, {"parts": []}, {"absent": True}])
def test_one_of_some_fields_is_enough(given: dict[str, Any]) -> None:
    exactly_one(Choice(**given), "text", "parts", "absent")


@pytest.mark.parametrize("given", [{}, {"text": "x", "absent": True}, {"absent": False}])
def test_none_or_two_of_some_fields_are_told(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^needs exactly one of 'text', 'parts' and 'absent'$"):
        exactly_one(Choice(**given), "text", "parts", "absent")


@pytest.mark.parametrize("kind", [values.LocalText, values.LocalTemplate])
def test_a_local_file_is_read_up_to_a_mebibyte(kind: Any, tmp_path: Path) -> None:
    (tmp_path / "most").write_bytes(b"x" * (1 << 20))
    (tmp_path / "more").write_bytes(b"x" * ((1 << 20) + 1))
    adapter = TypeAdapter(kind)
    context = {"folder": str(tmp_path)}
    assert adapter.validate_python("most", context=context) == "x" * (1 << 20)
    with pytest.raises(ValidationError, match="cannot read more: it has more than 1 MiB"):
        adapter.validate_python("more", context=context)
    with pytest.raises(ValidationError, match="cannot read /dev/zero: it has more than 1 MiB"):
        adapter.validate_python("/dev/zero", context=context)
