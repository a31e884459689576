"""The Windows side where something is in the way: each with its message, and nothing half-done."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workstation import ENVIRONMENTS, workstation

from envwright.errors import RefusedError, StepError
from envwright.facts.interop import on_windows

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
ELEVATED = """
name: windows
windows:
  links:
    C:\\codes\\docker: {to: /opt/docker}
  terminal: {name: Work}
  script: {ports: [{listen: 8080, connect: 80}]}
"""
FOLDER = "/mnt/c/Users/dev/AppData/Local"
RUN = (
    "powershell.exe -NoProfile -ExecutionPolicy Bypass -File "
    '"C:\\Users\\dev\\AppData\\Local\\envwright\\Debian.ps1"'
)
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
        ]
        # All else is done: what is left is what an administrator does.
        assert elevated.changed() == {"windows-link:C:\\codes\\docker"}
    script = link.machine.sh(f"cat {FOLDER}/envwright/Debian.ps1")
    assert script.splitlines()[-1] == "Set-PortProxy '0.0.0.0' 8080 80 @('domain', 'private')"
    assert f"Set-Link 'C:\\codes' 'docker' '{SHARE}' $true\n" in script


def test_what_an_administrator_does_is_judged_by_its_effect(
    link: Workstation, tmp_path: Path
) -> None:
    def proved() -> tuple[str, str]:
        (proof,) = [r for r in elevated.verify() if r.id.startswith("port 8080")]
        return proof.outcome, proof.reason

    key = "'HKLM\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\v4tov4\\tcp'"
    add = f"cd /mnt/c && /mnt/c/Windows/System32/reg.exe add {key} /v 0.0.0.0/8080 /f /d"
    own = link.machine.sh("hostname -I").split()[0]
    first = f"run this in a Command Prompt that is run as administrator: {RUN}"
    with station(link.machine, tmp_path, ELEVATED) as elevated:
        # Wine's netsh says 0 and does nothing.
        netsh = "/mnt/c/Windows/System32/netsh.exe interface portproxy add v4tov4 listenport=8080"
        assert link.machine.sh(f"cd /mnt/c; {netsh} connectaddress=1.2.3.4 >&2; echo $?") == "0\n"
        assert proved() == ("skipped", first)
        link.machine.sh(f"{add} 172.9.9.9/80 >&2")
        stale = f"it leads to 172.9.9.9/80, and this is {own}/80: {first}"
        assert proved() == ("failed", stale)
        link.machine.sh(f"{add} {own}/80 >&2")
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
