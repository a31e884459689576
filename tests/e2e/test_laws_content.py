"""The laws, for parts of files that others own and for archives, on a Debian 13 with such files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import Law2, Law3, drift
from machines import archives
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.server import Server

BEFORE = r"""
printf '# hosts\n10.0.0.2 git.example.com\n10.0.0.9 mail' >/etc/hosts.local
chmod 0640 /etc/hosts.local && chgrp adm /etc/hosts.local
"""


@pytest.fixture(scope="module")
def bare(server: Server, debian13: Machine) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    variables = {"sha256": archives.publish_all(server)}
    debian13.sh(BEFORE)
    with workstation(debian13, law_environment("content"), variables=variables) as opened:
        yield opened


class TestLaw3(Law3):
    """After the first apply."""


class TestLaw2(Law2):
    """A second apply."""


def test_a_file_of_others_keeps_its_other_lines_its_group_and_its_mode(
    converged: Workstation,
) -> None:
    said = converged.machine.sh("stat -c '%U %G %a' /etc/hosts.local; cat /etc/hosts.local")
    assert said == "root adm 640\n# hosts\n10.0.0.9 mail\n10.0.0.1 git.example.com\n"


def test_a_block_works_and_the_rest_of_the_startup_file_is_the_distribution_s(
    converged: Workstation,
) -> None:
    machine = converged.machine
    assert machine.sh("su - dev -c '. ~/.bashrc; echo $EDITOR'") == "vim\n"
    rest = "sed '/envwright: tools begin/,/envwright: tools end/d' /home/dev/.bashrc"
    assert machine.sh(f"{rest} | cmp - /etc/skel/.bashrc && echo same") == "same\n"


def test_what_is_missing_in_a_home_is_made_as_the_person_s(converged: Workstation) -> None:
    find = "find /home/dev/.config -printf '%P %u %g %m\\n' | LC_ALL=C sort"
    assert converged.machine.sh(find).splitlines() == [
        " dev dev 755",
        "Code dev dev 755",
        "Code/User dev dev 755",
        "Code/User/settings.json dev dev 644",
        "tool dev dev 755",
        "tool/config.yml dev dev 644",
        "tool/mine.conf dev dev 644",
        "tool/pyproject.toml dev dev 644",
        "tool/rules.ini dev dev 644",
        "tool/tool.ini dev dev 644",
        "tool/work.gitconfig dev dev 644",
        "tree dev dev 755",
        "tree/about dev dev 644",
        "tree/latest dev dev 777",
        "tree/logo.png dev dev 644",
        "tree/run dev dev 755",
    ]


def test_a_tree_is_brought_byte_for_byte_and_its_links_lead_where_they_led(
    converged: Workstation,
) -> None:
    tree = "/home/dev/.config/tree"
    assert converged.machine.sh(f"{tree}/latest; cat {tree}/about") == "from a tree\ndebian\n"
    logo = law_environment("content").with_name("content-tree") / "logo.png"
    digest = hashlib.sha256(logo.read_bytes()).hexdigest()
    assert converged.machine.sh(f"sha256sum <{tree}/logo.png") == f"{digest}  -\n"


def test_what_is_made_once_is_the_user_s_from_then_on(converged: Workstation) -> None:
    file = "/home/dev/.config/tool/mine.conf"
    converged.machine.sh(f"echo mine >{file} && chmod 0600 {file}")
    assert converged.changed() == set()


def test_programs_of_archives_start_and_their_files_are_whose_the_environment_says(
    converged: Workstation,
) -> None:
    run = "greet a; greet-again b; su dev -c 'single c'"
    assert converged.machine.sh(run) == "hello, a\nhello, b\nhello, c\n"
    said = converged.machine.sh("stat -c '%n %U %a' /opt/greet/bin/greet /opt/single/single")
    assert said == "/opt/greet/bin/greet root 755\n/opt/single/single dev 755\n"
    assert converged.machine.sh("find /opt /tmp -name '*envwright-new*'") == ""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    # The laws of Go break an unpacked archive and its links in every way.
    assert drift(converged, "files") == []
