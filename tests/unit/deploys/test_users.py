"""users: the accounts of further persons, with the keys of the section `user`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN

from envwright.facts import Account

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
users:
  defaults: {groups: [team]}
  anna: {uid: 1500, sudo: password}
  build: {shell: /usr/sbin/nologin, sudo: nopasswd}
"""


def test_each_account_of_the_table_has_the_defaults_of_the_table(tmp_path: Path) -> None:
    sudo = {"kind": "file", "mode": "0440", "owner": "root", "group": "root"}
    assert states(tmp_path, SECTION) == {
        "package:sudo": {},
        "group:team": {},
        "user:anna": {"uid": 1500, "shell": "/bin/bash"},
        "user:build": {"shell": "/usr/sbin/nologin"},
        "member:team/anna": {},
        "member:team/build": {},
        "file:/etc/sudoers.d/anna": {**sudo, "content": "anna ALL=(ALL:ALL) ALL\n"},
        "file:/etc/sudoers.d/build": {**sudo, "content": "build ALL=(ALL:ALL) NOPASSWD: ALL\n"},
    }


def test_nobody_logs_in_to_prove_an_account_without_a_login_shell(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [(proof.name, proof.origins[0].line) for proof in made.proofs] == [
        ("the account anna is usable", 4),
        ("anna can log in", 4),
        ("anna becomes root with a password", 4),
        ("the account build is usable", 5),
    ]
    assert ill_written(made) == []


def test_a_number_of_two_accounts_is_refused_in_one_section_and_in_two(tmp_path: Path) -> None:
    apart = "user: {name: pia, uid: 4000}\nusers: {qi: {uid: 4000}}\n"
    hint = "\nhint: remove one of the two"
    told = "uid 4000 is wanted as the number of pia by {} and as the number of qi by {}"
    file = f"{tmp_path}/box.yaml"
    assert refusals(tmp_path, apart) == [
        f"{told.format(f'user ({file}:2)', f'users ({file}:3)')}{hint}"
    ]
    assert refusals(tmp_path, "users: {pia: {uid: 4000}, qi: {uid: 4000}}\n") == [
        f"{told.format(f'users ({file}:2)', f'users ({file}:2)')}{hint}"
    ]


def with_ubuntu(machine: Machine) -> Machine:
    """A machine as a cloud image has it: uid 1000 is taken."""
    ubuntu = Account("ubuntu", 1000, "ubuntu", "/home/ubuntu", "/bin/bash", ())
    users = {**machine.accounts.users, "ubuntu": ubuntu}
    return replace(machine, accounts=replace(machine.accounts, users=users))


def test_a_taken_number_is_told_at_its_line(tmp_path: Path) -> None:
    section = "users:\n  anna:\n    uid: 1000\n"
    told = ["4:10: uid 1000 belongs to ubuntu on this machine"]
    assert refusals(tmp_path, section, with_ubuntu(DEBIAN)) == told


def test_an_account_that_both_sections_name_is_one_account(tmp_path: Path) -> None:
    both = "user: {name: anna}\nusers: {anna: {groups: [team]}}\n"
    assert states(tmp_path, both) == {
        "group:team": {},
        "user:anna": {"shell": "/bin/bash"},
        "member:team/anna": {},
    }
    apart = "user: {name: anna}\nusers: {anna: {shell: /bin/sh}}\n"
    assert refusals(tmp_path, apart) == [
        (
            f"user:anna is wanted twice, differently: by user ({tmp_path}/box.yaml:2) and by users "
            f"({tmp_path}/box.yaml:3)\nhint: remove one of the two"
        )
    ]
