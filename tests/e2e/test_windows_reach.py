"""How Windows is reached, and what is told where it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from workstation import workstation

from envwright.errors import RefusedError
from envwright.facts.interop import on_windows

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine, NewMachine

from windows_side import ELEVATED, LINK, NOTHING, refused, station

WINDOWS_PATH = (
    "/mnt/c/Windows/system32:/mnt/c/Windows:/mnt/c/Windows/System32/WindowsPowerShell/v1.0"
)
GO_EXE = "/mnt/c/Windows/go.exe is in PATH: Windows appends its own directories there"
WAY_OUT = "`wsl: {interop: {appendWindowsPath: false}}`, or programs may take it for Go"
SESSION = """
name: windows
wsl:
  interop: {appendWindowsPath: false}
go: {version: "1.27.3", users: [dev]}
"""


def test_what_windows_appends_to_a_session_s_path_is_seen_until_the_distribution_starts_again(
    new_machine: NewMachine, tmp_path: Path
) -> None:
    def proved() -> dict[str, tuple[str, str]]:
        return {r.id: (r.outcome, r.reason) for r in ours.verify()}

    machine = new_machine("wsl")
    machine.sh("touch /opt/windows/go.exe")
    own = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games"
    login = "no Windows directory is in a login shell's PATH"
    session = "no Windows directory is in the PATH of a session that Windows starts"
    go = "a session of dev that Windows starts finds no Go of Windows"
    with station(machine, tmp_path, SESSION) as opened:
        proofs = tuple(p for p in opened.compiled.proofs if p.name in {login, session, go})
        made = replace(opened.compiled, resources=(), proofs=proofs, requirements=())
        ours = replace(opened, compiled=made)
        path = f"{own}:/usr/lib/wsl/lib:{WINDOWS_PATH}"
        assert proved() == {
            login: ("passed", ""),
            session: ("failed", f"Windows appends its own directories: PATH={path}"),
            go: (
                "failed",
                f"{GO_EXE}; set\n{WAY_OUT}",
            ),
        }
    machine.put("/etc/wsl.conf", "[interop]\nappendWindowsPath = false\n")
    machine.restart()
    with station(machine, tmp_path, SESSION) as opened:
        ours = replace(opened, compiled=made)
        assert proved() == dict.fromkeys((login, session, go), ("passed", ""))


def test_windows_is_reached_from_wherever_envwright_may_run(wsl: Machine) -> None:
    wsl.put("/root/reach.sh", on_windows("ew_cmd echo '%USERPROFILE%'"))
    profile = "C:\\Users\\dev\n"
    for call in (
        "sh /root/reach.sh",
        "env -i sh /root/reach.sh",
        "WSL_INTEROP=/run/WSL/99_interop sh /root/reach.sh",
        "su dev -c 'sudo sh /root/reach.sh'",
        "systemd-run -q --wait --pipe sh /root/reach.sh",
    ):
        assert (call, wsl.sh(call)) == (call, profile)


def test_the_distribution_is_known_without_its_variable(wsl: Machine, tmp_path: Path) -> None:
    ssh = wsl.enable_ssh()
    wsl.sh("mkdir -p /opt/docker; sed -i /WSL_/d /etc/environment")
    path = tmp_path / "windows.yaml"
    path.write_text(LINK, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {ssh.config}")
        with workstation(wsl, path, f"@ssh/{ssh.alias}") as opened:
            assert (opened.facts.distribution, opened.plan().changes != ()) == ("Debian", True)
            opened.apply()
            assert opened.changed() == set()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            "[interop]\nenabled=false\n",
            "Windows programs do not run: see [interop] in /etc/wsl.conf",
        ),
        (
            "[automount]\nenabled=false\n",
            "the drive of Windows is not mounted: see [automount] in /etc/wsl.conf",
        ),
    ],
)
def test_where_windows_cannot_be_reached_the_reason_is_told(
    settings: str, reason: str, new_machine: NewMachine, tmp_path: Path
) -> None:
    machine = new_machine("wsl")
    machine.put("/etc/wsl.conf", settings)
    machine.restart()
    with station(machine, tmp_path, ELEVATED) as opened:
        said = refused(opened, RefusedError)
    terminal = "Microsoft\\Windows Terminal\\Fragments\\envwright\\Debian.json"
    told = {
        f"%LOCALAPPDATA%\\{terminal} of the Windows user": 6,
        "%LOCALAPPDATA%\\envwright\\Debian.ps1 of the Windows user": 7,
        "C:\\codes\\docker": 5,
    }
    assert said == [
        *(
            line
            for what, at in told.items()
            for line in (
                f"{machine.host}: {what}: {reason}",
                f"    wanted by windows (windows.yaml:{at})",
            )
        ),
        NOTHING,
    ]
