"""The Windows side where something is in the way: each with its message, and nothing half-done."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workstation import workstation

from envwright.errors import RefusedError, StepError
from envwright.resources.interop import on_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine, NewMachine
    from workstation import Workstation

LINK = """
name: windows
windows:
  links:
    C:\\codes\\docker: {to: /opt/docker}
"""
KEYS = """
name: windows
windows:
  wslconfig: {wsl2: {memory: 8GB, processors: 64}}
"""
SHARE = "\\\\wsl.localhost\\Debian\\opt\\docker"
WANTED = "    wanted by windows (windows.yaml:5)"
NOTHING = "hint: nothing was changed"
CMD = "cd /mnt/c && /init /mnt/c/Windows/System32/cmd.exe cmd.exe /c"
PRIVILEGE = "/etc/standin-no-symlink-privilege"


@contextlib.contextmanager
def station(machine: Machine, folder: Path, text: str) -> Iterator[Workstation]:
    path = folder / "windows.yaml"
    path.write_text(text, "utf-8")
    with workstation(machine, path) as opened:
        yield opened


@pytest.fixture
def link(wsl: Machine, tmp_path: Path) -> Iterator[Workstation]:
    """A machine without the link that is wanted, and with what it is to lead to."""
    wsl.sh(f"mkdir -p /opt/docker /mnt/c/codes; {CMD} rmdir 'C:\\codes\\docker' 2>&1", check=False)
    with station(wsl, tmp_path, LINK) as opened:
        yield opened


def links(machine: Machine) -> list[str]:
    said = machine.sh(f"{CMD} dir /AL 'C:\\codes'", check=False)
    return [line.split(None, 4)[4] for line in said.splitlines() if "<" in line]


def refused(link: Workstation, kind: type[Exception]) -> list[str]:
    """Apply, which fails; return what is said."""
    with pytest.raises(kind) as error:
        link.apply()
    folder = Path(link.compiled.resources[0].origins[0].file).parent
    return str(error.value).replace(f"{folder}/", "").splitlines()


def test_what_is_no_link_is_left_alone(link: Workstation) -> None:
    link.machine.sh("mkdir -p /mnt/c/codes/docker; touch /mnt/c/codes/docker/mine")
    said = refused(link, RefusedError)
    assert link.machine.sh("ls /mnt/c/codes/docker; rm -r /mnt/c/codes/docker") == "mine\n"
    assert said == [
        (
            f"{link.session.name}: C:\\codes\\docker is a directory of its own, not a link: "
            "move it away first"
        ),
        WANTED,
        NOTHING,
    ]


def test_without_the_privilege_developer_mode_is_named_and_the_old_link_stays(
    link: Workstation,
) -> None:
    link.machine.sh(f"{CMD} mklink /D 'C:\\codes\\docker' 'C:\\Users' && touch {PRIVILEGE}")
    said = refused(link, StepError)
    link.machine.sh(f"rm {PRIVILEGE}")
    assert said == [
        f"windows-link:C:\\codes\\docker failed on {link.session.name}:",
        (
            "    Windows made no link C:\\codes\\docker: "
            "You do not have sufficient privilege to perform this operation."
        ),
        (
            "    It takes Developer Mode (Settings, System, For developers), which is off, "
            "or this command in"
        ),
        "    a Command Prompt that is run as administrator:",
        f'        mklink /D "C:\\codes\\docker" "{SHARE}"',
        WANTED,
    ]
    assert links(link.machine) == ["docker [C:\\Users]"]


def test_a_link_that_windows_only_says_it_made_is_an_error(link: Workstation) -> None:
    link.machine.sh("touch /etc/standin-wine-makes-links")
    assert link.machine.sh(f"{CMD} mklink /D 'C:\\codes\\lie' 'C:\\Users' >/dev/null; echo $?") == (
        "0\n"
    )
    said = refused(link, StepError)
    link.machine.sh("rm /etc/standin-wine-makes-links")
    assert said[1].startswith("    Windows made no link C:\\codes\\docker:")
    assert links(link.machine) == []


def test_a_link_to_what_is_not_there_is_refused(link: Workstation) -> None:
    link.machine.sh("rmdir /opt/docker")
    assert refused(link, StepError)[1:] == [
        "    C:\\codes\\docker would lead to /opt/docker, which is not there",
        WANTED,
    ]
    assert links(link.machine) == []


def test_removing_a_link_leaves_what_it_leads_to(link: Workstation, tmp_path: Path) -> None:
    link.machine.sh(
        "mkdir -p /mnt/c/real; touch /mnt/c/real/kept; "
        f"{CMD} mklink /D 'C:\\codes\\docker' 'C:\\real'"
    )
    with station(link.machine, tmp_path, LINK.replace("to: /opt/docker", "absent: true")) as gone:
        assert gone.apply() == ["windows-link:C:\\codes\\docker"]
    assert (links(link.machine), link.machine.sh("ls /mnt/c/real")) == ([], "kept\n")


def test_every_other_byte_of_wslconfig_stays(wsl: Machine, tmp_path: Path) -> None:
    path = "/mnt/c/Users/dev/.wslconfig"
    wsl.sh(f"printf '# mine\\r\\n[wsl2]\\r\\nmemory = 4GB # small\\r\\n[x]\\r\\ny=1' >{path}")
    with station(wsl, tmp_path, KEYS) as keys:
        assert keys.apply() == ["windows-keys:.wslconfig"]
    assert wsl.sh(f"od -An -c {path} | tr -d ' \\n'") == (
        "#mine\\r\\n[wsl2]\\r\\nmemory=8GB#small\\r\\nprocessors=64\\r\\n[x]\\r\\ny=1"
    )


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
    with station(machine, tmp_path, LINK) as opened:
        said = refused(opened, RefusedError)
    assert said == [f"{machine.host}: C:\\codes\\docker: {reason}", WANTED, NOTHING]
