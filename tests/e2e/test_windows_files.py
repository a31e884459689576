"""Files of the Windows user: what is theirs stays, and what takes an administrator is a script."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from workstation import ENVIRONMENTS, workstation

from envwright.errors import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

from windows_side import ELEVATED, FOLDER, NOTHING, RUN, links, refused, station

KEYS = """
name: windows
windows:
  wslconfig: {wsl2: {memory: 8GB, processors: 64}}
"""


def test_what_an_administrator_does_is_judged_by_its_effect(wsl: Machine, tmp_path: Path) -> None:
    def proved() -> tuple[str, str]:
        (proof,) = [r for r in elevated.verify() if r.id.startswith("port 8080")]
        return proof.outcome, proof.reason

    key = "'HKLM\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\v4tov4\\tcp'"
    add = f"cd /mnt/c && /mnt/c/Windows/System32/reg.exe add {key} /v 0.0.0.0/8080 /f /d"
    own = wsl.sh("hostname -I").split()[0]
    first = f"run this in a Command Prompt that is run as administrator: {RUN}"
    with station(wsl, tmp_path, ELEVATED) as elevated:
        # Wine's netsh says 0 and does nothing.
        netsh = "/mnt/c/Windows/System32/netsh.exe interface portproxy add v4tov4 listenport=8080"
        assert wsl.sh(f"cd /mnt/c; {netsh} connectaddress=1.2.3.4 >&2; echo $?") == "0\n"
        assert proved() == ("skipped", first)
        wsl.sh(f"{add} 172.9.9.9/80 >&2")
        stale = f"it leads to 172.9.9.9/80, and this is {own}/80: {first}"
        assert proved() == ("failed", stale)
        wsl.sh(f"{add} {own}/80 >&2")
        assert proved() == ("passed", "")


@pytest.mark.parametrize(("made", "kind"), [("mkdir", "a directory"), ("ln -s /nowhere", "a link")])
def test_what_is_in_the_place_of_a_file_is_left_alone(
    made: str, kind: str, wsl: Machine, tmp_path: Path
) -> None:
    path = f"{FOLDER}/envwright/Debian.ps1"
    wsl.sh(f"rm -rf {FOLDER}/envwright '{FOLDER}/Microsoft/Windows Terminal'")
    wsl.sh(f"mkdir -p {FOLDER}/envwright; {made} {path}")
    with station(
        wsl, tmp_path, "name: windows\nwindows:\n  terminal: {name: W}\n  script: {}\n"
    ) as x:
        said = refused(x, RefusedError)
    wsl.sh(f"rm -r {path}")
    assert said == [
        (
            f"{wsl.host}: %LOCALAPPDATA%\\envwright\\Debian.ps1 of the Windows user is {kind}, "
            "not a file: move it away first"
        ),
        "    wanted by windows (windows.yaml:4)",
        NOTHING,
    ]
    assert wsl.sh(f"ls -d '{FOLDER}/Microsoft/Windows Terminal'", check=False) == ""


UMLAUT = """
name: windows
windows:
  wslconfig: {wsl2: {memory: 8GB}}
  script: {ports: [{listen: 8090, connect: 80}]}
"""


def test_a_windows_user_may_have_a_name_that_is_not_ascii(wsl: Machine, tmp_path: Path) -> None:
    wsl.sh(
        "mkdir -p /mnt/c/Users/Jürgen/AppData/Local; "
        "printf %s 'C:\\Users\\Jürgen' >/etc/standin-profile"
    )
    try:
        with station(wsl, tmp_path, UMLAUT) as opened:
            assert sorted(opened.apply()) == [
                "windows-file:%LOCALAPPDATA%\\envwright\\Debian.ps1",
                "windows-keys:.wslconfig",
            ]
            assert opened.changed() == set()
            proved = {r.id: (r.outcome, r.reason) for r in opened.verify()}
    finally:
        wsl.sh("rm -r /mnt/c/Users/Jürgen /etc/standin-profile")
    run = RUN.replace("dev", "Jürgen")
    assert proved == {
        "windows-file:%LOCALAPPDATA%\\envwright\\Debian.ps1": ("passed", ""),
        "windows-keys:.wslconfig": ("passed", ""),
        "Windows calls this distribution Debian": ("passed", ""),
        "port 8090 of Windows leads to this distribution": (
            "skipped",
            f"run this in a Command Prompt that is run as administrator: {run}",
        ),
    }


def test_every_other_byte_of_wslconfig_stays(wsl: Machine, tmp_path: Path) -> None:
    path = "/mnt/c/Users/dev/.wslconfig"
    wsl.sh(f"printf '# mine\\r\\n[wsl2]\\r\\nmemory = 4GB # small\\r\\n[x]\\r\\ny=1' >{path}")
    with station(wsl, tmp_path, KEYS) as keys:
        assert keys.apply() == ["windows-keys:.wslconfig"]
    assert wsl.sh(f"od -An -c {path} | tr -d ' \\n'") == (
        "#mine\\r\\n[wsl2]\\r\\nmemory=8GB#small\\r\\nprocessors=64\\r\\n[x]\\r\\ny=1"
    )


def test_the_windows_side_of_the_shipped_environment_is_made_and_proved(wsl: Machine) -> None:
    wsl.sh(f"rm -rf /opt/projects {FOLDER}/envwright /mnt/c/Users/dev/.wslconfig")
    with workstation(wsl, ENVIRONMENTS / "wsl-workstation.yaml") as whole:
        # The rest is the Docker workstation, which has laws of its own.
        ours = [
            r
            for r in whole.compiled.resources
            if r.origins[0].capability == "windows" or r.id == "directory:/opt/projects"
        ]
        proofs = [p for p in whole.compiled.proofs if p.origins[0].capability == "windows"]
        made = replace(whole.compiled, resources=tuple(ours), proofs=tuple(proofs), requirements=())
        side = replace(whole, compiled=made)
        assert len(side.apply()) == 5
        assert side.changed() == set()
        assert {(r.outcome, r.reason) for r in side.verify()} == {("passed", "")}
    assert links(wsl) == ["projects [\\\\wsl.localhost\\Debian\\opt\\projects]"]
