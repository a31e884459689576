"""A restart by Windows: what it is handed, what is refused before, and what proves it."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from standins import WSL, StandInSession

from envwright.errors import RefusedError, StepError
from envwright.host.session import Result
from envwright.model.resource import Moment
from envwright.restart import windows

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = {"boot_id": "one", "pid_1": 4200}
TERMINATED = {"boot_id": "one", "pid_1": 9000}
SHUT_DOWN = {"boot_id": "two", "pid_1": 4200}


def test_the_relay_waits_ends_the_distribution_and_starts_it_again() -> None:
    assert " ".join(windows.relay(Moment.DISTRIBUTION, "Ubuntu-24.04")) == (
        "/d /c start /min cmd.exe /d /c "
        "ping -n 4 127.0.0.1 ^& wsl.exe --terminate Ubuntu-24.04 ^& "
        "ping -n 4 127.0.0.1 ^& wsl.exe -d Ubuntu-24.04 -u root --exec "
        "/var/lib/envwright/resume/hold"
    )


def test_the_relay_of_the_virtual_machine_ends_them_all_and_starts_ours() -> None:
    words = windows.relay(Moment.VM, "Debian")
    assert (words.count("--shutdown"), words.count("--terminate")) == (1, 0)
    assert words[-6:] == ("-d", "Debian", "-u", "root", "--exec", windows.HOLD)


@pytest.mark.parametrize("moment", [Moment.DISTRIBUTION, Moment.VM])
def test_no_word_of_the_relay_is_quoted_by_anybody(moment: Moment) -> None:
    assert [word for word in windows.relay(moment, "Ubuntu-24.04") if set(word) & set(' \t"')] == []


def test_the_distribution_is_held_as_long_as_the_file_is_there(tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.write_text(windows.HOLD_TEXT, "utf-8")
    with subprocess.Popen(["sh", hold]) as held:
        with pytest.raises(subprocess.TimeoutExpired):
            held.wait(0.5)
        hold.unlink()
        assert held.wait(10) == 0


@pytest.mark.parametrize(
    ("moment", "now", "proved"),
    [
        (Moment.DISTRIBUTION, BEFORE, False),
        (Moment.DISTRIBUTION, TERMINATED, True),
        (Moment.DISTRIBUTION, SHUT_DOWN, True),
        (Moment.VM, BEFORE, False),
        (Moment.VM, TERMINATED, False),
        (Moment.VM, SHUT_DOWN, True),
    ],
)
def test_a_restart_is_proved_by_how_the_machine_started(
    moment: Moment, now: dict[str, object], *, proved: bool
) -> None:
    assert windows.proved(moment, BEFORE, now) is proved


def refusal(session: StandInSession, name: str) -> str:
    with pytest.raises(RefusedError) as raised:
        windows.check(session, replace(WSL, distribution=name))
    return raised.value.message


@pytest.mark.parametrize("name", ["", "My Distro", "a&b", 'a"b'])
def test_a_distribution_without_a_plain_name_is_not_restarted(name: str) -> None:
    session = StandInSession()
    assert refusal(session, name) == (
        "@stand-in: Windows cannot be asked for a restart: "
        "the name of this distribution in Windows is not known"
    )
    assert session.scripts == []


def test_a_windows_that_does_not_answer_is_told_before_anything_is_done() -> None:
    session = StandInSession(Result(1, b"interop is off\n", b""))
    assert refusal(session, "Debian") == (
        "@stand-in: Windows cannot be asked for a restart: interop is off"
    )


def test_the_relay_reaches_windows_word_by_word() -> None:
    session = StandInSession()
    windows.hand_over(session, Moment.DISTRIBUTION, WSL, "box")
    words = shlex.join(windows.relay(Moment.DISTRIBUTION, "Ubuntu-24.04"))
    assert (
        f'setsid /init "$ew_system/cmd.exe" cmd.exe {words} </dev/null >/dev/null 2>&1'
        in session.scripts[-1]
    )
    assert any(
        '"event": "restart", "command": "wsl --terminate Ubuntu-24.04"' in script
        for script in session.scripts
    )


def test_a_machine_that_does_not_say_when_it_started_is_not_restarted() -> None:
    with pytest.raises(StepError, match="@stand-in: it cannot be told when the machine started"):
        windows.boot_of(StandInSession())
