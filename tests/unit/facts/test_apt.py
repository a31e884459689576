"""What apt would do: its simulations as Debian 12 and 13 print them, and how they are read."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.facts import Apt, AptChange, PackageFile, Simulation
from envwright.facts.apt import SIMULATED, Space, specification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[[str], list[str]]

DEBIAN_12 = """\
NOTE: This is only a simulation!
Reading package lists...
Building dependency tree...
Reading state information...
The following package was automatically installed and is no longer required:
  libonig5
Use 'apt autoremove' to remove it.
The following packages will be REMOVED:
  jq libjq1
The following NEW packages will be installed:
  libncurses6 sl
0 upgraded, 2 newly installed, 2 to remove and 0 not upgraded.
Remv jq [1.6-2.1+deb12u2]
Remv libjq1 [1.6-2.1+deb12u2]
Inst libncurses6 (6.4-4 Debian:12.15/oldstable [amd64])
Inst sl (5.02-1+b1 Debian:12.15/oldstable [amd64])
Conf libncurses6 (6.4-4 Debian:12.15/oldstable [amd64])
Conf sl (5.02-1+b1 Debian:12.15/oldstable [amd64])
"""
DEBIAN_13 = """\
Reading package lists...
Building dependency tree...
Reading state information...
Solving dependencies...
The following packages will be upgraded:
  libssl3t64 openssl
The following packages will be DOWNGRADED:
  curl
Purg nano [8.4-1]
Inst openssl [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64]) []
Inst libssl3t64:i386 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [i386])
Inst curl [8.14.1-2+deb13u2] (8.14.1-2 Debian:13.2/stable [amd64])
Conf curl (8.14.1-2 Debian:13.2/stable [amd64])
"""
UNMET = """\
The following information may help to resolve the situation:

The following packages have unmet dependencies:
 zoom : Depends: libasound2t64 but it is not installable
        Depends: libicu76 but it is not installable or
                 libicu72 but it is not installable
E: Unable to correct problems, you have held broken packages.
"""
ESSENTIAL = """\
Reading package lists...
The following packages will be REMOVED:
  hostname
WARNING: The following essential packages will be removed.
This should NOT be done unless you know exactly what you are doing!
  hostname
Remv hostname [3.25]
"""
UNKNOWN = """\
Reading package lists...
Building dependency tree...
Reading state information...
Package jq is not available, but is referred to by another package.
This may mean that the package is missing, has been obsoleted, or
is only available from another source

Package awk is a virtual package provided by:
  original-awk 2022-09-12-1
  mawk 1.3.4.20200120-3.1
You should explicitly select one to install.

E: Unable to locate package cowsa.:native
E: Couldn't find any package by glob 'cowsa.'
E: Package 'awk' has no installation candidate
E: Version '9.*' for 'jq' was not found
E: Unable to correct problems, you have held broken packages.
"""


@pytest.fixture
def simulated(tmp_path: Path) -> Run:
    """A function: what the shell makes of a simulation that apt-get prints."""
    if not shutil.which("dpkg"):
        pytest.skip("dpkg compares versions, and there is none here")

    def run(said: str) -> list[str]:
        (tmp_path / "said").write_text(said, "utf-8")
        stand_in = tmp_path / "apt-get"
        stand_in.write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/words; cat {tmp_path}/said\n')
        stand_in.chmod(0o755)
        script = f"PATH={tmp_path}:$PATH; {SIMULATED}\new_simulated sl:native"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        assert (tmp_path / "words").read_text("utf-8") == (
            "--simulate -q -o APT::Cmd::Pattern-Only=true install sl:native\n"
        )
        return done.stdout.splitlines()

    return run


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param(
            DEBIAN_12,
            [
                "remove jq 1.6-2.1+deb12u2 -",
                "remove libjq1 1.6-2.1+deb12u2 -",
                "install libncurses6 - 6.4-4",
                "install sl - 5.02-1+b1",
            ],
            id="debian 12",
        ),
        pytest.param(
            DEBIAN_13,
            [
                "remove nano 8.4-1 -",
                "upgrade openssl 3.5.1-1 3.5.1-1+deb13u1",
                "upgrade libssl3t64:i386 3.5.1-1 3.5.1-1+deb13u1",
                "downgrade curl 8.14.1-2+deb13u2 8.14.1-2",
            ],
            id="debian 13",
        ),
        pytest.param(
            ESSENTIAL,
            ["E: Essential packages would be removed.", "remove hostname 3.25 -"],
            id="essential",
        ),
        pytest.param(
            UNKNOWN,
            [
                "provider awk original-awk",
                "provider awk mawk",
                "E: Unable to locate package cowsa.:native",
                "E: Couldn't find any package by glob 'cowsa.'",
                "E: Package 'awk' has no installation candidate",
                "E: Version '9.*' for 'jq' was not found",
                "E: Unable to correct problems, you have held broken packages.",
            ],
            id="nothing that apt can do",
        ),
        pytest.param(
            UNMET,
            [
                "E: zoom : Depends: libasound2t64 but it is not installable",
                "E: zoom : Depends: libicu76 but it is not installable or",
                "E: Unable to correct problems, you have held broken packages.",
            ],
            id="dependencies that nothing meets",
        ),
    ],
)
def test_each_change_that_apt_would_make_is_a_line(
    simulated: Run, said: str, found: list[str]
) -> None:
    assert [line.rstrip() for line in simulated(said)] == found


def test_a_word_for_apt_means_one_package_and_nothing_else() -> None:
    assert [
        specification("sl+", "", present=True),
        specification("node.js", "", present=True),
        specification("docker-ce", "5:28.*", present=True),
        specification("jq", "1.6", present=False),
    ] == ["sl+:native", "node.js:native", "docker-ce:native=5:28.*", "jq:native-"]


ASKED = (
    Apt("cowsa."),
    Apt("sl"),
    Apt("jq", "9.*"),
    Apt("awk"),
    Apt("mta"),
    Apt("nano", present=False),
)


def test_what_apt_would_do_is_read_from_what_the_machine_says() -> None:
    states = "hi \tless\t\nii \tmawk\tawk\nii \tperl\tlibnet-perl (= 1:3.14), libperl\n"
    said = (
        "provider mta postfix\nprovider mta exim4\n"
        "E: Unable to locate package cowsa.:native \n"
        "E: Couldn't find any package by glob 'cowsa.' \n"
        "E: Package 'mta' has no installation candidate\n"
        "E: Version '9.*' for 'jq' was not found\n"
        "E: The list of sources could not be read.\n"
        "        jq | 1.7-1 | http://x/debian trixie/main amd64 Packages\n"
        "        jq | 1.6-1 | http://x/debian bookworm/main amd64 Packages\n"
        "        jq | 1.6-1 | http://y/debian bookworm/main amd64 Packages\n"
        "remove nano 8.4-1 -\ninstall sl - 5.02-1\nupgrade libc6 2.36-1 2.36-2\nspace / 9 1\n"
    )
    gone = "M\tless:amd64\t/bin/a\nM\tless:amd64\t/bin/b"
    todo = "T\t--no-install-recommends sl:native"
    here = f"D\tless\tii \t608-1\tamd64\nD\tjq\tiU \t1.7\tamd64\n{gone}\n{todo}"
    output = f"less\ndpkg's journal\n\0{here}\0yes\n\0{states}\0{said}\0".encode()
    answers = Apt.parse(ASKED, output)
    assert set(answers) == set(ASKED)
    assert answers[ASKED[0]] == Simulation(
        installed={"less": "608-1"},
        missing={"less": ("/bin/a", "/bin/b")},
        interrupted="less dpkg's journal",
        lists=True,
        held=frozenset({"less"}),
        provided={"awk": "mawk"},
        changes=(
            AptChange("remove", "nano", "8.4-1", ""),
            AptChange("install", "sl", "", "5.02-1"),
            AptChange("upgrade", "libc6", "2.36-1", "2.36-2"),
        ),
        unknown=frozenset({"cowsa."}),
        unavailable={"mta": (), "jq": ("1.7-1", "1.6-1")},
        providers={"mta": ("postfix", "exim4")},
        errors=("E: The list of sources could not be read.",),
        space=(Space("/", 9, 1),),
    )


def test_what_the_machine_says_of_files_is_read() -> None:
    told = "fault https://x.test/a.deb is no package of dpkg\noffered a 2.0\nE: https://x: gone\n"
    assert Apt.parse(ASKED[:1], f"\0N\tb\0yes\n\0\0{told}\0".encode())[ASKED[0]] == Simulation(
        lists=True,
        newer=frozenset({"b"}),
        faults=("https://x.test/a.deb is no package of dpkg",),
        offered={"a": "2.0"},
        errors=("E: https://x: gone",),
    )


def test_apt_is_not_asked_where_nothing_differs() -> None:
    assert Apt.parse(ASKED[:1], b"\0D\ta\tii \t1\tall\0") == {ASKED[0]: Simulation({"a": "1"})}
    held = Simulation({"a": "1"}, held=frozenset({"a"}))
    assert Apt.parse(ASKED[:1], b"\0D\ta\thi \t1\tall\0") == {ASKED[0]: held}


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="there is no dpkg here")
def test_a_machine_whose_packages_are_as_asked_answers_at_once(tmp_path: Path) -> None:
    stand_in = tmp_path / "apt-get"
    stand_in.write_text("#!/bin/sh\necho called >&2; exit 1\n", "utf-8")
    stand_in.chmod(0o755)
    questions = [
        Apt("dpkg"),
        Apt("dpkg", "1.*"),
        Apt("no-such-package", present=False),
        Apt("base-files", recommends=True),
        # Newer than a file of the package: the file is not fetched.
        Apt("bash", "1.0", file=PackageFile("https://x.invalid/bash.deb", "a" * 64)),
    ]
    script = f"PATH={tmp_path}:$PATH; {Apt.script(questions)}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert done.stdout.count(b"\0") == 2
    assert b"called" not in done.stderr
    found = Apt.parse(questions, done.stdout)[questions[0]]
    installed = found.installed
    assert found.newer == {"bash"}
    version = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "dpkg"], capture_output=True, text=True, check=True
    ).stdout
    assert (set(installed), installed["dpkg"]) == ({"dpkg", "base-files", "bash"}, version)
