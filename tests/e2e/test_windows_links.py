"""A link of Windows that something is in the way of: told, and nothing half-done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envwright.errors import RefusedError, StepError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from workstation import Workstation

from windows_side import CMD, ELEVATED, FOLDER, LINK, NOTHING, RUN, links, refused, station

SHARE = "\\\\wsl.localhost\\Debian\\opt\\docker"
WANTED = "    wanted by windows (windows.yaml:5)"
PRIVILEGE = "/etc/standin-no-symlink-privilege"


@pytest.fixture
def link(wsl: Machine, tmp_path: Path) -> Iterator[Workstation]:
    """A machine without the link that is wanted, and with what it is to lead to."""
    wsl.sh(f"mkdir -p /opt/docker /mnt/c/codes; {CMD} rmdir 'C:\\codes\\docker' 2>&1", check=False)
    with station(wsl, tmp_path, LINK) as opened:
        yield opened


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


DEVELOPER_MODE = [
    (
        "    Windows made no link C:\\codes\\docker: "
        "You do not have sufficient privilege to perform this operation."
    ),
    (
        "    It takes Developer Mode (Settings, System, For developers), which is off, "
        "or this command in"
    ),
    "    a Command Prompt that is run as administrator:",
]


def test_without_the_privilege_developer_mode_is_named_and_the_old_link_stays(
    link: Workstation,
) -> None:
    link.machine.sh(f"{CMD} mklink /D 'C:\\codes\\docker' 'C:\\Users' && touch {PRIVILEGE}")
    said = refused(link, StepError)
    link.machine.sh(f"rm {PRIVILEGE}")
    assert said == [
        f"windows-link:C:\\codes\\docker failed on {link.session.name}:",
        *DEVELOPER_MODE,
        f'        mklink /D "C:\\codes\\docker" "{SHARE}"',
        "    `script: {}` below `windows` has all such commands written into one script.",
        WANTED,
    ]
    assert links(link.machine) == ["docker [C:\\Users]"]


def test_without_the_privilege_the_script_is_there_that_makes_the_link(
    link: Workstation, tmp_path: Path
) -> None:
    with station(link.machine, tmp_path, ELEVATED) as elevated:
        link.machine.sh(f"touch {PRIVILEGE}")
        said = refused(elevated, StepError)
        link.machine.sh(f"rm {PRIVILEGE}")
        assert said == [
            f"windows-link:C:\\codes\\docker failed on {elevated.session.name}:",
            *DEVELOPER_MODE,
            f"        {RUN}",
            WANTED,
            f"{elevated.session.name}: 2 done, 1 failed, 0 not begun",
            "hint: mend what failed, then run `envwright apply` again: it goes on from here",
        ]
        # All else is done: what is left is what an administrator does.
        assert elevated.changed() == {"windows-link:C:\\codes\\docker"}
    script = link.machine.sh(f"cat {FOLDER}/envwright/Debian.ps1")
    assert script.splitlines()[-1] == "Set-PortProxy '0.0.0.0' 8080 80 @('domain', 'private')"
    assert f"Set-Link 'C:\\codes' 'docker' '{SHARE}' $true\n" in script


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
    assert refused(link, StepError) == [
        f"windows-link:C:\\codes\\docker failed on {link.session.name}:",
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


def test_a_sibling_whose_name_ends_alike_is_another_link(link: Workstation, tmp_path: Path) -> None:
    sibling = f"{CMD} mklink /D 'C:\\codes\\my docker' '{SHARE}'"
    link.machine.sh(f"{sibling}; {CMD} mklink /D 'C:\\codes\\docker' 'C:\\Users'")
    with station(link.machine, tmp_path, LINK.replace("to: /opt/docker", "absent: true")) as gone:
        assert gone.apply() == ["windows-link:C:\\codes\\docker"]
    assert links(link.machine) == [f"my docker [{SHARE}]"]
    link.machine.sh(f"touch {PRIVILEGE}")
    said = refused(link, StepError)
    link.machine.sh(f"rm {PRIVILEGE}; {CMD} rmdir 'C:\\codes\\my docker'")
    assert said[1:4] == DEVELOPER_MODE


@pytest.mark.parametrize("kind", ["/D", "/J", ""])
def test_what_a_killed_run_left_goes_when_it_is_a_link(link: Workstation, kind: str) -> None:
    left = f"mklink {kind} 'C:\\codes\\docker.envwright' 'C:\\real'"
    link.machine.sh(
        "mkdir -p /mnt/c/real; touch /mnt/c/real/kept; "
        f"{CMD} {left}; {CMD} mklink /D 'C:\\codes\\docker' 'C:\\Users'"
    )
    assert link.apply() == ["windows-link:C:\\codes\\docker"]
    assert links(link.machine) == [f"docker [{SHARE}]"]
    assert link.machine.sh("ls /mnt/c/real") == "kept\n"


def test_what_is_no_link_stays_and_is_named(link: Workstation) -> None:
    own = "/mnt/c/codes/docker.envwright"
    link.machine.sh(f"mkdir {own}; {CMD} mklink /D 'C:\\codes\\docker' 'C:\\Users'")
    said = refused(link, StepError)
    link.machine.sh(f"rmdir {own}")
    assert said == [
        f"windows-link:C:\\codes\\docker failed on {link.session.name}:",
        "    C:\\codes\\docker.envwright is in the way: move it away first",
        WANTED,
    ]
    assert links(link.machine) == ["docker [C:\\Users]"]
    link.machine.sh(f"{CMD} rmdir 'C:\\codes\\docker'")
