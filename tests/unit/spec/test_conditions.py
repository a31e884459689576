"""Conditions compare facts and variables by their meaning, and tell what is no condition."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.spec.conditions import EXAMPLE, ConditionError, holds

NAMES: dict[str, Any] = {
    "distro": "ubuntu",
    "release": "24.10",
    "kernel": "6.6.87.2-microsoft-standard-WSL2",
    "wsl": True,
    "gpu": False,
    "memory": 16,
    "role": "backend",
}


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("wsl", True),
        ("not gpu and wsl", True),
        ("gpu or (wsl and memory >= 32)", False),
        ("distro == 'ubuntu' and release >= 24.04", True),
        ("release == 24.10", True),
        ("release == 24.1", False),
        ("release >= '24.9'", True),
        ("22.04 <= release < 24.04", False),
        ("kernel > 6.6", True),
        ("kernel < '6.6.100'", True),
        ("memory == 16.0", True),
        ("role in ['backend', 'data']", True),
        ("role not in ('backend', 'data')", False),
        ("release in [22.04, 24.10]", True),
        ("distro != 'debian'", True),
        ("gpu == false", True),
        ("true", True),
    ],
)
def test_a_condition_is_true_or_false(condition: str, truth: bool) -> None:  # noqa: FBT001
    assert holds(condition, NAMES) is truth


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("distro", "'distro' is text 'ubuntu', neither true nor false"),
        ("distro and wsl", "'distro' is text 'ubuntu', neither true nor false"),
        ("wls", "there is no name 'wls'; did you mean 'wsl'?"),
        ("wsl or wls", "there is no name 'wls'; did you mean 'wsl'?"),
        ("wsl = true", "'wsl = true' is no condition"),
        ("", "'' is no condition"),
        ("distro >= 24", "text 'ubuntu' is no version, in 'distro >= 24'"),
        ("wsl == 'yes'", "'wsl == 'yes'' compares true and text 'yes'"),
        ("distro == ['ubuntu']", "\"distro == ['ubuntu']\" compares text 'ubuntu' and a list"),
        ("'u' in distro", "\"'u' in distro\" compares text 'u' and text 'ubuntu'"),
        ("exit()", "'exit()' cannot stand in a condition"),
        ("distro.upper() == 'X'", "'distro.upper()' cannot stand in a condition"),
        ("1 + 1 == 2", "'1 + 1' cannot stand in a condition"),
        ("wsl" + " and wsl" * 200, "a condition has at most 1000 characters"),
    ],
)
def test_what_is_no_condition_is_told(condition: str, told: str) -> None:
    with pytest.raises(ConditionError) as caught:
        holds(condition, NAMES)
    assert caught.value.message.replace('"', "'") == told.replace('"', "'").replace("\\'", "'")


def test_the_hint_shows_a_condition_that_works() -> None:
    assert holds(EXAMPLE.partition(": ")[2], NAMES) is True


@given(st.text(max_size=60) | st.text("()[]'\"<>=!,. andortwsl0123456789-+*", max_size=60))
def test_any_text_is_a_condition_or_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(ConditionError):
        assert holds(text, NAMES) in {True, False}
