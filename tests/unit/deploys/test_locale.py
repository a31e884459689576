"""locale: the locales that are made, and the one that logins get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

if TYPE_CHECKING:
    from pathlib import Path

SECTION = "locale: {default: en_US.UTF-8, also: [de_DE.UTF-8, C.UTF-8]}\n"


def test_locales_are_made_and_one_is_the_default(tmp_path: Path) -> None:
    assert states(tmp_path, SECTION) == {
        "package:locales": {},
        "command:locales": {"value": "de_DE.utf8\nen_US.utf8"},
        "command:locale LANG": {"value": "en_US.UTF-8"},
    }


def test_the_locale_of_the_c_library_is_there_already(tmp_path: Path) -> None:
    made = states(tmp_path, "locale: {default: C.UTF-8}\n")
    assert list(made) == ["package:locales", "command:locale LANG"]


@pytest.mark.parametrize("name", ["en_US", "german", "de_DE@euro", "en_US.utf8; id", "C"])
def test_what_is_no_locale_of_utf_8_is_refused(tmp_path: Path, name: str) -> None:
    (said,) = refusals(tmp_path, f"locale: {{default: '{name}'}}\n")
    assert "a locale of UTF-8, like `en_US.UTF-8` or `C.UTF-8`" in said


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []
