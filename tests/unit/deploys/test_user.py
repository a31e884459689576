"""user: the developer's account, its rights and its keys."""

from __future__ import annotations

import base64
import json
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

from envwright.facts import Account, Accounts
from envwright.model.resource import FileKey
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.member import Member

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo dev@laptop"
SECTION = f"""\
user:
  name: dev
  uid: 1500
  shell: /bin/zsh
  groups: [adm, video]
  sudo: nopasswd
  authorized_keys:
    - {KEY}
"""
ROOT = {"kind": "file", "mode": "0440", "owner": "root", "group": "root"}


def expected(home: str, group: str) -> dict[str, Any]:
    own = {"owner": "dev", "group": group}
    return {
        "package:sudo": {},
        "group:adm": {},
        "group:video": {},
        "user:dev": {"uid": 1500, "shell": "/bin/zsh"},
        "member:adm/dev": {},
        "member:video/dev": {},
        f"directory:{home}/.ssh": {"kind": "directory", "mode": "0700", **own},
        "file:/etc/sudoers.d/dev": {**ROOT, "content": "dev ALL=(ALL:ALL) NOPASSWD: ALL\n"},
        f"keys:{home}/.ssh/authorized_keys": {
            "kind": "file",
            "mode": "0600",
            **own,
            FileKey(KEY): True,
        },
    }


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU, WSL])
def test_an_account_has_its_groups_rights_and_keys(tmp_path: Path, machine: Machine) -> None:
    found = states(tmp_path, SECTION, machine)
    assert (found, list(found)) == (
        expected("/home/dev", "dev"),
        list(expected("/home/dev", "dev")),
    )


def test_an_account_that_exists_keeps_its_home_and_primary_group(tmp_path: Path) -> None:
    accounts = Accounts.read("dev:x:1500:100::/srv/dev:/bin/sh", "users:x:100:")
    machine = replace(DEBIAN, accounts=accounts)
    assert states(tmp_path, SECTION, machine) == expected("/srv/dev", "users")


def test_a_name_alone_is_an_account_with_bash(tmp_path: Path) -> None:
    assert states(tmp_path, "user: {name: dev}\n") == {"user:dev": {"shell": "/bin/bash"}}


@pytest.mark.parametrize(
    ("rule", "content"),
    [("nopasswd", "dev ALL=(ALL:ALL) NOPASSWD: ALL\n"), ("password", "dev ALL=(ALL:ALL) ALL\n")],
)
def test_a_sudo_rule_is_a_file_of_its_own(tmp_path: Path, rule: str, content: str) -> None:
    made = compile_section(tmp_path, f"user: {{name: dev, sudo: {rule}}}\n")
    (file,) = (resource for resource in made.resources if isinstance(resource, File))
    assert (file.path, file.content, file.mode) == ("/etc/sudoers.d/dev", content, "0440")


def test_a_sudo_rule_can_be_taken_away(tmp_path: Path) -> None:
    found = states(tmp_path, "user: {name: dev, sudo: none}\n")
    assert found == {"user:dev": {"shell": "/bin/bash"}, "file:/etc/sudoers.d/dev": None}


def test_everything_is_asked_for_by_its_own_line(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    lines = {r.word: r.origins[0].line for r in made.resources if not isinstance(r, Member)}
    assert lines == {
        "package": 7,
        "group": 6,
        "user": 3,
        "directory": 8,
        "file": 7,
        "keys": 8,
    }


def test_logging_in_and_becoming_root_are_proved(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [(proof.name, proof.origins[0].line) for proof in made.proofs] == [
        ("the account dev is usable", 3),
        ("dev can log in", 3),
        ("dev becomes root without a password", 7),
        ("sshd takes the keys of dev", 8),
    ]
    assert ill_written(made) == []


def public_key(kind: str) -> str:
    """Return a key of a kind as RFC 4253 writes it: each field with its length in front."""
    fields = (kind.encode(), b"some key")
    data = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"{kind} {base64.b64encode(data).decode()}"


def test_only_keys_that_a_login_from_the_machine_itself_can_try_are_proved(tmp_path: Path) -> None:
    keys = [public_key(kind) for kind in ("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519")]
    sk = public_key("sk-ssh-ed25519@openssh.com")
    lines = [
        keys[0],
        f'command="echo \\"hi\\" there",restrict {keys[1]} a comment',
        sk,
        f'FROM="10.0.0.0/8" {keys[2]}',
        f"cert-authority {keys[2]}",
    ]
    made = compile_section(tmp_path, f"user: {{name: dev, authorized_keys: {json.dumps(lines)}}}\n")
    script = made.proofs[-1].script
    (offered,) = re.findall("^set -- (.*)$", script, re.MULTILINE)
    assert shlex.split(offered) == [keys[0], keys[1], sk]
    one = json.dumps(lines[3:4])
    made = compile_section(tmp_path, f"user: {{name: dev, authorized_keys: {one}}}\n")
    assert [proof.name for proof in made.proofs] == ["the account dev is usable", "dev can log in"]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{}", "2:7: user needs the key 'name'"),
        (
            "{name: 2ev}",
            (
                "2:14: user.name must be letters, digits, `_`, `-`, `.`, a letter first, "
                "not text '2ev'"
            ),
        ),
        (
            "{name: dev, uid: 0}",
            "2:24: user.uid must be an integer from 1 to 60000, not the integer 0",
        ),
        (
            "{name: dev, sudo: yes}",
            "2:25: user.sudo must be 'nopasswd', 'password' or 'none', not text 'yes'",
        ),
        (
            "{name: dev, shell: bash}",
            "2:26: user.shell must be an absolute path without `..`, `//` or a `/` at its end",
        ),
        (
            "{name: dev, groups: docker}",
            "2:27: user.groups must be a list of text, not text 'docker'",
        ),
        (
            '{name: dev, authorized_keys: ["a\\nb"]}',
            (
                "2:37: user.authorized_keys[0] must be one line of authorized_keys, "
                "neither blank nor a comment, not text 'a\\nb'"
            ),
        ),
        (
            '{name: dev, authorized_keys: ["ssh-ed25519 AAAA me"]}',
            (
                "2:37: user.authorized_keys[0] must be a public key as sshd reads it: "
                "[OPTIONS] TYPE KEY"
            ),
        ),
        (
            '{name: dev, authorized_keys: ["# mine"]}',
            (
                "2:37: user.authorized_keys[0] must be one line of authorized_keys, "
                "neither blank nor a comment, not text '# mine'"
            ),
        ),
        (
            '{name: dev, authorized_keys: [""]}',
            (
                "2:37: user.authorized_keys[0] must be one line of authorized_keys, "
                "neither blank nor a comment, not empty text"
            ),
        ),
        ("dev", "2:7: user must be a mapping, not text 'dev'"),
    ],
)
def test_what_is_no_account_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"user: {section}\n") == [told]


def test_a_secret_among_the_keys_is_refused_since_others_could_see_it(tmp_path: Path) -> None:
    section = (
        "secrets: {token: {env: EW_TOKEN}}\n"
        'user: {name: dev, authorized_keys: ["{{ secret.token }}"]}\n'
    )
    assert refusals(tmp_path, section) == [
        (
            f"{tmp_path}/box.yaml:3: other users could see the secret 'token' in "
            "keys:/home/dev/.ssh/authorized_keys\n"
            "hint: put the secret into the content of a file, or into the value of a key"
        )
    ]


def test_a_number_that_another_account_has_is_told_before_anything_is_changed(
    tmp_path: Path,
) -> None:
    ubuntu = Account("ubuntu", 1000, "ubuntu", "/home/ubuntu", "/bin/bash", ())
    accounts = replace(DEBIAN.accounts, users={**DEBIAN.accounts.users, "ubuntu": ubuntu})
    machine = replace(DEBIAN, accounts=accounts)
    taken = ["2:24: uid 1000 belongs to ubuntu on this machine"]
    assert refusals(tmp_path, "user: {name: dev, uid: 1000}\n", machine) == taken
    assert refusals(tmp_path, "user: {name: ubuntu, uid: 1000}\n", machine) == []
    assert refusals(tmp_path, "user: {name: dev, uid: 1001}\n", machine) == []


PASSWORD = 'secrets: {HASH: {file: hash}}\nuser: {name: dev, password_hash: "{{ secret.HASH }}"}\n'


def test_a_password_is_a_line_of_shadow_by_a_secret(tmp_path: Path) -> None:
    assert states(tmp_path, PASSWORD) == {
        "user:dev": {"shell": "/bin/bash"},
        "keys:/etc/shadow": {
            "kind": "file",
            "mode": "0640",
            "owner": "root",
            "group": "shadow",
            FileKey("dev"): "⟦secret:HASH⟧",
        },
    }


def test_a_hash_in_the_environment_itself_is_refused(tmp_path: Path) -> None:
    told = refusals(tmp_path, "user: {name: dev, password_hash: $6$salt$hash}\n")
    assert told == [
        (
            "2:34: user.password_hash must name a secret, like `{{ secret.TOKEN }}`: "
            "YAML holds no password"
        )
    ]


FINGERPRINT = f"SHA256:{'a' * 43}"


def test_keys_of_a_forge_are_lines_by_their_fingerprints(tmp_path: Path) -> None:
    other = f"SHA256:{'b' * 43}"
    text = (
        "user:\n  name: dev\n  authorized_keys_from:\n"
        f"    github:anna: [{FINGERPRINT}]\n    https://keys.example/b: [{other}]\n"
    )
    keys = compile_section(tmp_path, text).resources[-1]
    assert isinstance(keys, Keys)
    assert (keys.path, keys.keys, keys.published) == (
        "/home/dev/.ssh/authorized_keys",
        {},
        {FINGERPRINT: "https://github.com/anna.keys", other: "https://keys.example/b"},
    )
    assert keys.desired() == {
        "kind": "file",
        "mode": "0600",
        "owner": "dev",
        "group": "dev",
        FileKey(FINGERPRINT): True,
        FileKey(other): True,
    }


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            f"{{anna: [{FINGERPRINT}]}}",
            (
                "2:42: the key 'anna' of user.authorized_keys_from must be an address, or a name "
                "on github, gitlab, codeberg, launchpad, like `github:anna`"
            ),
        ),
        (
            "{github:anna: [MD5:00]}",
            (
                "2:56: user.authorized_keys_from.github:anna[0] must be a fingerprint, like "
                "`ssh-keygen -l` prints it, not text 'MD5:00'"
            ),
        ),
        (
            "{github:anna: []}",
            (
                "2:55: user.authorized_keys_from.github:anna must be a non-empty list of text, "
                "not a list"
            ),
        ),
    ],
)
def test_keys_without_a_place_or_a_fingerprint_are_refused(
    tmp_path: Path, keys: str, told: str
) -> None:
    section = f"user: {{name: dev, authorized_keys_from: {keys}}}\n"
    assert refusals(tmp_path, section) == [told]


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("Jane.Doe", "Jane-Doe", "Jane.Doe ALL=(ALL:ALL) ALL\n"),
        ("JANE", "JANE", '"JANE" ALL=(ALL:ALL) ALL\n'),
    ],
)
def test_the_rule_of_a_name_with_capitals_and_dots_is_one_that_sudo_reads(
    tmp_path: Path, name: str, file: str, content: str
) -> None:
    made = compile_section(tmp_path, f"user: {{name: {name}, sudo: password}}\n")
    (rule,) = (resource for resource in made.resources if isinstance(resource, File))
    assert (rule.path, rule.content) == (f"/etc/sudoers.d/{file}", content)
    (line,) = re.findall(r'grep -sE "(\^.*):[|]', made.proofs[0].script)
    assert [bool(re.match(line, other)) for other in (name, name.replace(".", "x"), "JAN")] == [
        True,
        name == "JANE",
        False,
    ]
